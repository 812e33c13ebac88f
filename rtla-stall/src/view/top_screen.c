// SPDX-License-Identifier: GPL-2.0-only
#include "top_screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../monitor/snapshot.h"
#include "../util/error.h"
#include "screen_crash.h"
#include "top_model.h"

#define ESCAPE_MS 25

/* ncurses catches these when it is told to take a terminal; all are given back. */
static const int signals[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
#define NR_SIGNALS (sizeof(signals) / sizeof(*signals))

struct top_screen {
	struct view *view;
	struct top_model *model;
	SCREEN *terminal;
	attr_t attributes[TOP_NR_PAINTS];
	short pairs[TOP_NR_PAINTS];
	struct sigaction actions[NR_SIGNALS];	/* as they were */
	regex_t regex;			/* of filter, when has_regex */
	char filter[TOP_MAX_FILTER + 1];
	bool has_regex;
	bool is_gone;			/* the terminal hung up */
	bool is_stale;			/* something is to be painted still */
};

/*
 * ---- filters ----------------------------------------------------------------------------------
 */

/*
 * What compiles is a regular expression, but for two things that can take for ever, and that nobody
 * needs here: counts, and references to what matched.
 */
static bool may_be_regex(const char *filter)
{
	for (const char *at = filter; *at; at++) {
		if (*at == '{' || (*at == '\\' && at[1] >= '0' && at[1] <= '9'))
			return false;
	}
	return true;
}

static void forget_filter(struct top_screen *screen)
{
	if (screen->has_regex)
		regfree(&screen->regex);
	screen->has_regex = false;
	*screen->filter = '\0';
}

static bool matches(const char *filter, const char *text, void *arg)
{
	struct top_screen *screen = arg;

	if (strcmp(filter, screen->filter) != 0) {
		forget_filter(screen);
		strncat(screen->filter, filter, sizeof(screen->filter) - 1);
		screen->has_regex = may_be_regex(filter) &&
			!regcomp(&screen->regex, filter, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	}
	if (strcasestr(text, filter))
		return true;
	return screen->has_regex && !regexec(&screen->regex, text, 0, NULL, 0);
}

/*
 * ---- painting ---------------------------------------------------------------------------------
 */

static void choose_attributes(struct top_screen *screen)
{
	static const attr_t plain[TOP_NR_PAINTS] = {
		[TOP_FAINT] = A_DIM, [TOP_STRONG] = A_BOLD, [TOP_TITLES] = A_REVERSE,
		[TOP_SORTED] = A_REVERSE | A_BOLD, [TOP_BAR] = A_REVERSE, [TOP_KEY] = A_BOLD,
		[TOP_ALARM] = A_BOLD, [TOP_WARN] = A_BOLD | A_UNDERLINE, [TOP_CHOSEN] = A_BOLD,
	};

	memcpy(screen->attributes, plain, sizeof(plain));
}

/* The colours of the causes are those of the text report. */
static void choose_colours(struct top_screen *screen)
{
	static const struct {
		uint8_t paint;
		short text;
		short ground;
		attr_t attributes;
	} colours[] = {
		{ TOP_TITLES, COLOR_BLACK, COLOR_GREEN, 0 },
		{ TOP_SORTED, COLOR_BLACK, COLOR_CYAN, 0 },
		{ TOP_BAR, COLOR_BLACK, COLOR_CYAN, 0 },
		{ TOP_KEY, COLOR_CYAN, -1, A_BOLD },
		{ TOP_ALARM, COLOR_RED, -1, A_BOLD },
		{ TOP_WARN, COLOR_YELLOW, -1, A_BOLD },
		{ TOP_GOOD, COLOR_GREEN, -1, 0 },
		{ TOP_CHOSEN, COLOR_CYAN, -1, A_BOLD },
		{ TOP_CAUSE + CAUSE_INTERFERENCE, COLOR_YELLOW, -1, 0 },
		{ TOP_CAUSE + CAUSE_BLOCKING, COLOR_RED, -1, 0 },
		{ TOP_CAUSE + CAUSE_RELEASE_JITTER, COLOR_CYAN, -1, 0 },
		{ TOP_CAUSE + CAUSE_EXECUTION, COLOR_GREEN, -1, 0 },
		{ TOP_CAUSE + CAUSE_UNATTRIBUTED, COLOR_MAGENTA, -1, 0 },
	};
	bool has_default = use_default_colors() == OK;

	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++) {
		short ground = colours[i].ground < 0 && !has_default ? COLOR_BLACK : colours[i].ground;

		if (init_pair((short)(i + 1), colours[i].text, ground) != OK)
			continue;
		screen->pairs[colours[i].paint] = (short)(i + 1);
		screen->attributes[colours[i].paint] = colours[i].attributes;
	}
}

static void paint_line(struct top_screen *screen, const struct top_page *page, uint32_t number)
{
	const struct top_line *line = &page->lines[number];
	const char *text = top_page_line(page, number);
	size_t length = strlen(text);

	move((int)number, 0);
	for (uint32_t i = 0; length && i < line->nr_runs; i++) {
		const struct top_run *run = &page->runs[line->first_run + i];
		size_t end = i + 1 < line->nr_runs ? run[1].from : line->from + length;

		attr_set(screen->attributes[run->paint], screen->pairs[run->paint], NULL);
		addnstr(text + (run->from - line->from), (int)(end - run->from));
	}
	if (line->rest != TOP_PLAIN && line->nr_columns < (uint32_t)COLS) {
		attr_set(screen->attributes[line->rest], screen->pairs[line->rest], NULL);
		hline(' ', COLS - (int)line->nr_columns);
	}
	attr_set(A_NORMAL, 0, NULL);
}

/* Stopped by ^S, or nobody reads: writing would block, and with us all that is watched. */
static bool takes_output(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) != 0;
}

static void paint(struct top_screen *screen)
{
	const struct top_page *page;
	uint32_t line, column;

	screen->is_stale = !takes_output();
	if (screen->is_stale)
		return;
	page = top_model_draw(screen->model, (uint32_t)COLS, (uint32_t)LINES);
	erase();
	for (uint32_t i = 0; i < page->nr_lines; i++)
		paint_line(screen, page, i);
	if (top_model_cursor(screen->model, &line, &column)) {
		curs_set(1);
		move((int)line, (int)column);
	} else {
		curs_set(0);
	}
	wnoutrefresh(stdscr);
	doupdate();
}

/* Told by no signal, too: another handler may be in the place of ncurses'. */
static bool has_new_size(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	       (size.ws_row != LINES || size.ws_col != COLS) &&
	       resizeterm(size.ws_row, size.ws_col) == OK;
}

/*
 * ---- the view ---------------------------------------------------------------------------------
 */

static int32_t utc_offset(const struct snapshot *snapshot)
{
	time_t now = (time_t)(snapshot_wall(snapshot, snapshot->now_at) / 1000000000);
	struct tm local;

	return localtime_r(&now, &local) ? (int32_t)local.tm_gmtoff : 0;
}

static void screen_show(void *view, const struct snapshot *snapshot)
{
	struct top_screen *screen = view;

	set_term(screen->terminal);
	has_new_size();
	if (top_model_take(screen->model, snapshot, utc_offset(snapshot)))
		top_model_say(screen->model, "out of memory: what is shown is not the newest");
	paint(screen);
}

static int key_of(int typed)
{
	static const struct {
		int typed;
		int key;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP }, { KEY_DOWN, TOP_KEY_DOWN }, { KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN }, { KEY_HOME, TOP_KEY_HOME }, { KEY_END, TOP_KEY_END },
		{ KEY_BTAB, TOP_KEY_BACK_TAB }, { KEY_F(1), TOP_KEY_F1 }, { KEY_F(4), TOP_KEY_F4 },
		{ KEY_F(6), TOP_KEY_F6 }, { KEY_F(10), TOP_KEY_F10 }, { KEY_ENTER, '\r' },
		{ KEY_BACKSPACE, 127 },
	};

	if (typed < 128)
		return typed;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (keys[i].typed == typed)
			return keys[i].key;
	}
	return TOP_KEY_NONE;
}

/* Nobody is there any more: poll() says so for ever, and no key will come. */
static bool is_hung_up(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static enum view_wish screen_key(void *view)
{
	struct top_screen *screen = view;
	enum view_wish wish;
	int typed;

	set_term(screen->terminal);
	screen->is_stale |= has_new_size();
	while ((typed = getch()) != ERR) {
		screen->is_stale = true;
		if (typed == 'L' - '@')
			clearok(curscr, TRUE);
		wish = typed == KEY_RESIZE ? VIEW_WISH_NOTHING :
			top_model_key(screen->model, key_of(typed));
		screen->view->refresh_ns = top_model_refresh_ns(screen->model);
		if (wish != VIEW_WISH_NOTHING) {
			paint(screen);
			return wish;
		}
	}
	if (screen->is_stale)
		paint(screen);
	/* Asked for once: a caller who goes on regardless gets an end of its keys. */
	if (screen->is_gone || !is_hung_up())
		return VIEW_WISH_NOTHING;
	screen->is_gone = true;
	return VIEW_WISH_QUIT;
}

static void screen_say(void *view, const char *words)
{
	struct top_screen *screen = view;

	set_term(screen->terminal);
	top_model_say(screen->model, words);
	paint(screen);
}

static void restore_signals(const struct top_screen *screen, size_t first)
{
	for (size_t i = first; i < NR_SIGNALS; i++)
		sigaction(signals[i], &screen->actions[i], NULL);
}

/*
 * What was stopped by ^S must not keep us from ending: without flow control it goes on. endwin() gives that
 * back.
 */
static void let_output_go_on(void)
{
	struct termios modes;

	if (tcgetattr(STDOUT_FILENO, &modes))
		return;
	modes.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
}

static void screen_close(void *view)
{
	struct top_screen *screen = view;

	set_term(screen->terminal);
	let_output_go_on();
	endwin();
	screen_crash_forget();
	/* those that end the run are the caller's since it was opened, and may have come meanwhile */
	restore_signals(screen, 2);
	delscreen(screen->terminal);
	forget_filter(screen);
	top_model_destroy(screen->model);
	free(screen);
}

static const struct view_ops ops = {
	.show = screen_show,
	.key = screen_key,
	.say = screen_say,
	.close = screen_close,
};

static void prepare(struct top_screen *screen, bool has_colour)
{
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	choose_attributes(screen);
	if (has_colour && has_colors() && start_color() == OK)
		choose_colours(screen);
}

static int take_terminal(struct top_screen *screen, bool has_colour, struct error *err)
{
	const char *name = getenv("TERM");

	for (size_t i = 0; i < NR_SIGNALS; i++)
		sigaction(signals[i], NULL, &screen->actions[i]);
	screen_crash_look();
	screen->terminal = newterm(NULL, stdout, stdin);
	if (!screen->terminal) {
		restore_signals(screen, 0);
		return error_set(err, -ENOTSUP, "the terminal (TERM %s%s) is not known here",
				 name ? "is " : "is not set", name ? name : "");
	}
	/* Those that end the run are the caller's, whoever comes first. */
	sigaction(SIGINT, &screen->actions[0], NULL);
	sigaction(SIGTERM, &screen->actions[1], NULL);
	set_term(screen->terminal);
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1) {
		endwin();
		restore_signals(screen, 0);
		delscreen(screen->terminal);
		return error_set(err, -ENOTSUP, "the terminal (TERM is %s) cannot be painted on",
				 name ? name : "not set");
	}
	screen_crash_expect();
	prepare(screen, has_colour);
	return 0;
}

int top_screen_open(const struct top_screen_config *config, struct view *ret, struct error *err)
{
	struct top_screen *screen;
	int result;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(err, -ENOTTY, "standard %s is no terminal",
				 isatty(STDIN_FILENO) ? "output" : "input");
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return error_set(err, -ENOMEM, "out of memory");
	result = top_model_create(&(struct top_config){ .is_utf8 = config->is_utf8,
							.refresh_ns = config->refresh_ns,
							.matches = matches, .arg = screen },
				  &screen->model);
	if (result) {
		free(screen);
		return error_set(err, result, "out of memory");
	}
	result = take_terminal(screen, config->has_colour, err);
	if (result) {
		top_model_destroy(screen->model);
		free(screen);
		return result;
	}
	screen->view = ret;
	*ret = (struct view){
		.ops = &ops,
		.self = screen,
		.fd = STDIN_FILENO,
		.refresh_ns = config->refresh_ns,
	};
	return 0;
}

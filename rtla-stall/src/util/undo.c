// SPDX-License-Identifier: GPL-2.0-only
#include "undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "strbuf.h"

#define BUSY_WAIT_NS 50000000
#define BUSY_TRIES 200
#define LIST_MAX (4u << 20)

enum kind { KIND_WRITE = 'w', KIND_DIRECTORY = 'd', KIND_FILE = 'f', KIND_DONE = '-' };

struct undo {
	char *dir;
	char *path;
	int fd;
	unsigned int last_number;
};

/* One line of the file: kind, pid, number, path, old; the strings escaped. */
struct note {
	char kind;
	struct undo_id id;
	char *path;
	char *old;
	bool is_done;
};

struct notes {
	size_t nr;
	struct note *notes;
};

/* ---- the directory ---------------------------------------------------------------------------- */

/* Nobody else may have put a list there for us to undo. Return: locked, or a negative errno */
static int open_dir(const char *dir, struct error *err)
{
	struct stat status;
	int fd;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (fstat(fd, &status) || status.st_uid != geteuid() || status.st_mode & 022) {
		close(fd);
		return error_set(err, -EPERM, "%s: others may write to it", dir);
	}
	while (flock(fd, LOCK_EX)) {
		int code = -errno;

		if (code == -EINTR)
			continue;
		close(fd);
		return error_set(err, code, "%s: %s", dir, strerror(-code));
	}
	return fd;
}

static int open_list(struct undo *undo, struct error *err)
{
	for (unsigned int number = 0; number < 1000; number++) {
		free(undo->path);
		if (asprintf(&undo->path, "%s/state.%d.%u", undo->dir, getpid(), number) < 0) {
			undo->path = NULL;
			return error_set(err, -ENOMEM, "out of memory");
		}
		undo->fd = open(undo->path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (undo->fd >= 0 || errno != EEXIST)
			break;
	}
	if (undo->fd < 0 || flock(undo->fd, LOCK_EX | LOCK_NB))
		return error_set(err, -errno, "%s: %s", undo->path, strerror(errno));
	return 0;
}

int undo_create(const char *dir, struct undo **ret, struct error *err)
{
	struct undo *undo = calloc(1, sizeof(*undo));
	__cleanup_close int dir_fd = -1;
	int result;

	if (!undo || !(undo->dir = strdup(dir))) {
		free(undo);
		return error_set(err, -ENOMEM, "out of memory");
	}
	undo->fd = -1;
	dir_fd = open_dir(dir, err);
	result = dir_fd < 0 ? dir_fd : open_list(undo, err);
	if (result) {
		undo_close(undo);
		return result;
	}
	*ret = undo;
	return 0;
}

const char *undo_path(const struct undo *undo)
{
	return undo->path;
}

/* ---- notes ------------------------------------------------------------------------------------ */

static void add_escaped(struct strbuf *out, const char *text)
{
	strbuf_addch(out, ' ', 1);
	strbuf_addch(out, '=', 1);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte <= ' ' || byte == '%' || byte >= 0x7f)
			strbuf_addf(out, "%%%02x", byte);
		else
			strbuf_addch(out, *text, 1);
	}
}

static bool unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		unsigned int byte;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		if (sscanf(from + 1, "%2x", &byte) != 1 || strlen(from) < 3)
			return false;
		*to++ = (char)byte;
		from += 2;
	}
	*to = '\0';
	return true;
}

/*
 * A line of its own whatever a writer that was killed left before it, and only whole with its last
 * word.
 */
static int add_note(struct undo *undo, char kind, struct undo_id id, const char *path, const char *old,
		    struct error *err)
{
	struct strbuf line = STRBUF_INIT;
	struct stat status;
	ssize_t written;
	int result = 0;

	/* a list that is too long to be read back would be worse than a change not made */
	if (kind != KIND_DONE && !fstat(undo->fd, &status) && status.st_size > LIST_MAX / 2)
		return error_set(err, -EFBIG, "%s: %s", undo->path, strerror(EFBIG));
	strbuf_addf(&line, "\n%c %d %u", kind, id.pid, id.number);
	add_escaped(&line, path);
	add_escaped(&line, old);
	strbuf_adds(&line, " end\n");
	if (line.has_failed)
		result = error_set(err, -ENOMEM, "out of memory");
	while (!result) {
		written = write(undo->fd, line.text, line.length);
		if (written == (ssize_t)line.length)
			break;
		if (written >= 0)
			result = error_set(err, -ENOSPC, "%s: %s", undo->path, strerror(ENOSPC));
		else if (errno != EINTR)
			result = error_set(err, -errno, "%s: %s", undo->path, strerror(errno));
	}
	strbuf_deinit(&line);
	return result;
}

static int add_change(struct undo *undo, char kind, const char *path, const char *old,
		      struct undo_id *id, struct error *err)
{
	struct undo_id made = { getpid(), ++undo->last_number };

	if (id)
		*id = made;
	return add_note(undo, kind, made, path, old, err);
}

int undo_note_write(struct undo *undo, const char *path, const char *old, struct undo_id *id,
		    struct error *err)
{
	return add_change(undo, KIND_WRITE, path, old, id, err);
}

int undo_note_mkdir(struct undo *undo, const char *path, struct undo_id *id, struct error *err)
{
	return add_change(undo, KIND_DIRECTORY, path, "", id, err);
}

int undo_note_file(struct undo *undo, const char *path, struct undo_id *id, struct error *err)
{
	return add_change(undo, KIND_FILE, path, "", id, err);
}

int undo_note_done(struct undo *undo, struct undo_id id, struct error *err)
{
	return add_note(undo, KIND_DONE, id, "", "", err);
}

/* ---- reading them back ------------------------------------------------------------------------ */

static void notes_deinit(struct notes *notes)
{
	for (size_t i = 0; i < notes->nr; i++) {
		free(notes->notes[i].path);
		free(notes->notes[i].old);
	}
	free(notes->notes);
	*notes = (struct notes){ 0 };
}

static void mark_done(struct notes *notes, struct undo_id id)
{
	for (size_t i = 0; i < notes->nr; i++) {
		if (notes->notes[i].id.pid == id.pid && notes->notes[i].id.number == id.number)
			notes->notes[i].is_done = true;
	}
}

static int add_line(struct notes *notes, const char *line)
{
	struct note note = { 0 };
	struct note *more;
	int end = -1;

	if (sscanf(line, "%c %d %u =%m[!-~] =%m[!-~] end%n", &note.kind, &note.id.pid, &note.id.number,
		   &note.path, &note.old, &end) == 5 && end > 0 && !line[end])
		goto whole;
	/* no path, or no old contents: what stands for them is empty */
	end = -1;
	if (note.path && sscanf(line, "%*c %*d %*u =%*[!-~] = end%n", &end) == 0 && end > 0 && !line[end])
		goto whole;
	end = -1;
	if (sscanf(line, "%c %d %u = = end%n", &note.kind, &note.id.pid, &note.id.number, &end) == 3 &&
	    end > 0 && !line[end] && note.kind == KIND_DONE)
		mark_done(notes, note.id);
	goto ignored;
whole:
	if (!strchr("wdf", note.kind) || !unescape(note.path) || (note.old && !unescape(note.old)))
		goto ignored;
	more = reallocarray(notes->notes, notes->nr + 1, sizeof(*more));
	if (!more) {
		free(note.path);
		free(note.old);
		return -ENOMEM;
	}
	notes->notes = more;
	more[notes->nr++] = note;
	return 0;
ignored:
	free(note.path);
	free(note.old);
	return 0;
}

static int read_notes(const struct undo *undo, struct notes *notes)
{
	__cleanup_free char *text = NULL;
	struct stat status;
	ssize_t size;
	int result = 0;

	*notes = (struct notes){ 0 };
	if (fstat(undo->fd, &status))
		return -errno;
	if (status.st_size > LIST_MAX)
		return -EFBIG;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return -ENOMEM;
	size = pread(undo->fd, text, (size_t)status.st_size, 0);
	if (size < 0)
		return -errno;
	text[size] = '\0';
	for (char *line = text, *next; !result && line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line)
			result = add_line(notes, line);
	}
	if (result)
		notes_deinit(notes);
	return result;
}

/* ---- undoing ---------------------------------------------------------------------------------- */

int undo_write_file(const char *path, const char *text)
{
	__cleanup_close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t length = strlen(text);
	ssize_t written;

	if (fd < 0)
		return -errno;
	do {
		written = write(fd, text, length);
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}

static int remove_dir(const char *path)
{
	const struct timespec pause = { .tv_nsec = BUSY_WAIT_NS };

	for (int i = 0; rmdir(path); i++) {
		if (errno != EBUSY || i >= BUSY_TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int undo_note(const struct note *note)
{
	int result;

	switch (note->kind) {
	case KIND_WRITE:
		result = undo_write_file(note->path, note->old ? note->old : "");
		break;
	case KIND_DIRECTORY:
		result = remove_dir(note->path);
		break;
	default:
		result = unlink(note->path) ? -errno : 0;
		break;
	}
	return result == -ENOENT ? 0 : result;
}

int undo_all(struct undo *undo, struct error *err)
{
	struct notes notes;
	int first = 0;
	int result = read_notes(undo, &notes);

	if (result)
		return error_set(err, result, "%s: %s", undo->path, strerror(-result));
	for (size_t i = notes.nr; i-- > 0;) {
		const struct note *note = &notes.notes[i];

		if (note->is_done)
			continue;
		result = undo_note(note);
		if (!result)
			result = undo_note_done(undo, note->id, NULL);
		if (result && !first)
			first = error_set(err, result, "%s cannot be restored: %s", note->path,
					  strerror(-result));
	}
	notes_deinit(&notes);
	/* begin anew, so that it does not grow for ever */
	if (!first && ftruncate(undo->fd, 0))
		return error_set(err, -errno, "%s: %s", undo->path, strerror(errno));
	return first;
}

static bool is_all_done(const struct undo *undo)
{
	struct notes notes;
	bool is_done = true;

	if (read_notes(undo, &notes))
		return false;
	for (size_t i = 0; i < notes.nr; i++)
		is_done = is_done && notes.notes[i].is_done;
	notes_deinit(&notes);
	return is_done;
}

void undo_close(struct undo *undo)
{
	if (!undo)
		return;
	if (undo->fd >= 0) {
		if (undo->path && is_all_done(undo))
			unlink(undo->path);
		close(undo->fd);
	}
	free(undo->path);
	free(undo->dir);
	free(undo);
}

/* ---- what others left behind ------------------------------------------------------------------ */

/* With the directory locked: a list that was just made, and is not locked yet, is not stale. */
static int open_stale(struct undo *undo, const char *dir, struct error *err)
{
	__cleanup_close int dir_fd = open_dir(dir, err);

	if (dir_fd < 0)
		return dir_fd;
	undo->fd = open(undo->path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (undo->fd < 0)
		return 0;	/* gone meanwhile */
	return !flock(undo->fd, LOCK_EX | LOCK_NB);
}

/* Return: 1 undone; 0 it is somebody's, or gone; a negative errno */
static int undo_one_stale(const char *dir, const char *name, struct error *err)
{
	struct undo undo = { .fd = -1 };
	int result;

	if (asprintf(&undo.path, "%s/%s", dir, name) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	result = open_stale(&undo, dir, err);
	if (result > 0) {
		result = undo_all(&undo, err);
		if (!result)
			result = 1;
	}
	if (result == 1)
		unlink(undo.path);
	if (undo.fd >= 0)
		close(undo.fd);
	free(undo.path);
	return result;
}

int undo_stale(const char *dir, struct error *err)
{
	__cleanup_closedir DIR *list = opendir(dir);
	const struct dirent *entry;
	struct error first = { 0 };
	int nr_undone = 0;

	if (!list)
		return errno == ENOENT ? 0 : error_set(err, -errno, "%s: %s", dir, strerror(errno));
	while ((entry = readdir(list))) {
		struct error failure = { 0 };
		int result;

		if (strncmp(entry->d_name, "state.", 6) != 0)
			continue;
		result = undo_one_stale(dir, entry->d_name, &failure);
		if (result > 0)
			nr_undone += result;
		else if (result < 0 && !first.code)
			first = failure;
	}
	return first.code ? error_set(err, first.code,
				      "a run that was killed left something behind: %.200s", first.text) :
			    nr_undone;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "actions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../util/array.h"
#include "../util/error.h"
#include "../util/parse.h"

#define MAX_SIGNAL_TEXT 16u

/* ---- reading them ---------------------------------------------------------------------------- */

/* One "key=value" of an action. */
struct part {
	const char *key;
	size_t key_length;
	const char *value;	/* not ended by a NUL; NULL: there is no "=" */
	size_t value_length;
};

/* Takes the next part of @text, which is at its beginning or at a comma. Return: false at its end. */
static bool next_part(const char **text, struct part *ret)
{
	const char *begin = *text;
	size_t length;

	if (!*begin)
		return false;
	begin++;	/* the comma */
	length = strcspn(begin, ",");
	ret->key = begin;
	ret->key_length = strcspn(begin, ",=");
	ret->value = begin[ret->key_length] == '=' ? begin + ret->key_length + 1 : NULL;
	ret->value_length = ret->value ? length - ret->key_length - 1 : 0;
	*text = begin + length;
	return true;
}

static bool is_key(const struct part *part, const char *key)
{
	return part->key_length == strlen(key) && !strncmp(part->key, key, part->key_length);
}

static int refuse_part(const char *option, const char *name, const struct part *part, struct error *err)
{
	return error_set(err, -EINVAL, "%s: %s knows no '%.*s'", option, name,
			 (int)part->key_length, part->key);
}

static int take_signal_number(const char *option, const struct part *part, int32_t *ret,
			      struct error *err)
{
	char text[MAX_SIGNAL_TEXT] = "";
	const char *name;
	uint64_t number;

	if (part->value_length < sizeof(text))
		memcpy(text, part->value, part->value_length);
	if (!parse_count(text, (uint64_t)SIGRTMAX, &number) && number) {
		*ret = (int32_t)number;
		return 0;
	}
	name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	for (int signal = 1; signal < SIGRTMIN; signal++) {
		const char *known = sigabbrev_np(signal);

		if (known && !strcasecmp(name, known)) {
			*ret = signal;
			return 0;
		}
	}
	return error_set(err, -EINVAL, "%s: '%.*s' is no signal", option, (int)part->value_length,
			 part->value);
}

static int take_pid(const char *option, const struct part *part, int32_t *ret, struct error *err)
{
	char text[MAX_SIGNAL_TEXT] = "";
	uint64_t number;

	if (part->value_length < sizeof(text))
		memcpy(text, part->value, part->value_length);
	if (!strcmp(text, "parent")) {
		*ret = 0;
		return 0;
	}
	if (parse_count(text, INT32_MAX, &number) || !number)
		return error_set(err, -EINVAL, "%s: '%.*s' is no process: write a pid, or parent",
				 option, (int)part->value_length, part->value);
	*ret = (int32_t)number;
	return 0;
}

static int read_signal(const char *option, const char *rest, struct action *action, struct error *err)
{
	bool has_num = false, has_pid = false;
	struct part part;
	int result;

	action->kind = ACTION_SIGNAL;
	while (next_part(&rest, &part)) {
		bool is_num = is_key(&part, "num");

		if (!part.value || (!is_num && !is_key(&part, "pid")))
			return refuse_part(option, "signal", &part, err);
		if (is_num ? has_num : has_pid)
			return error_set(err, -EINVAL, "%s: signal has two %s=", option,
					 is_num ? "num" : "pid");
		result = is_num ? take_signal_number(option, &part, &action->signal, err) :
				  take_pid(option, &part, &action->pid, err);
		if (result)
			return result;
		has_num |= is_num;
		has_pid |= !is_num;
	}
	if (!has_num || !has_pid)
		return error_set(err, -EINVAL, "%s: signal needs %s", option,
				 has_num ? "pid=P or pid=parent" : "num=N");
	return 0;
}

static int read_trace(const char *option, const char *rest, struct action *action, struct error *err)
{
	struct part part;

	action->kind = ACTION_TRACE;
	while (next_part(&rest, &part)) {
		if (!part.value || !is_key(&part, "file"))
			return refuse_part(option, "trace", &part, err);
		if (action->text)
			return error_set(err, -EINVAL, "%s: trace has two file=", option);
		if (!part.value_length)
			return error_set(err, -EINVAL, "%s: the name of the file is missing", option);
		/* it ends where the text does: whatever follows a comma is refused */
		action->text = part.value;
	}
	return 0;
}

static int read_shell(const char *option, const char *rest, struct action *action, struct error *err)
{
	static const char key[] = ",command=";

	action->kind = ACTION_SHELL;
	if (strncmp(rest, key, strlen(key)) || !rest[strlen(key)])
		return error_set(err, -EINVAL, "%s: shell needs command=CMD, and nothing before it",
				 option);
	action->text = rest + strlen(key);
	return 0;
}

static int read_continue(const char *option, const char *rest, struct action *action, struct error *err)
{
	struct part part;

	action->kind = ACTION_CONTINUE;
	return next_part(&rest, &part) ? refuse_part(option, "continue", &part, err) : 0;
}

static int append(struct actions *actions, const struct action *action, struct error *err)
{
	struct action *items = reallocarray(actions->items, actions->nr_items + 1, sizeof(*items));

	if (!items)
		return error_set(err, -ENOMEM, "out of memory");
	items[actions->nr_items++] = *action;
	actions->items = items;
	return 0;
}

int actions_add(struct actions *actions, const char *option, const char *text, struct error *err)
{
	static const struct {
		const char *name;
		int (*read)(const char *option, const char *rest, struct action *action,
			    struct error *err);
	} kinds[] = {
		{ "trace", read_trace },
		{ "signal", read_signal },
		{ "shell", read_shell },
		{ "continue", read_continue },
	};
	size_t length = strcspn(text, ",");

	for (size_t i = 0; i < NR_ELEMENTS(kinds); i++) {
		struct action action = { 0 };
		int result;

		if (strlen(kinds[i].name) != length || strncmp(text, kinds[i].name, length))
			continue;
		result = kinds[i].read(option, text + length, &action, err);
		return result ? result : append(actions, &action, err);
	}
	return error_set(err, -EINVAL, "%s: '%.*s' is not trace, signal, shell or continue", option,
			 (int)length, text);
}

int actions_add_trace(struct actions *actions, const char *file, struct error *err)
{
	return append(actions, &(struct action){ .kind = ACTION_TRACE, .text = file }, err);
}

bool actions_has(const struct actions *actions, enum action_kind kind)
{
	for (uint32_t i = 0; i < actions->nr_items; i++) {
		if (actions->items[i].kind == kind)
			return true;
	}
	return false;
}

void actions_deinit(struct actions *actions)
{
	free(actions->items);
	*actions = (struct actions){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-only
#include "lingering.h"

#include <string.h>

#include "../source/source.h"
#include "../source/source_proc.h"

void lingering_begin(struct lingering *lingering, struct source *proc, uint64_t now_at)
{
	lingering->proc = proc;
	lingering->until_at = now_at + LINGERING_NS;
	lingering->nr_ended = 0;
}

static int look(struct lingering *lingering, struct error *err)
{
	struct event event;
	int result;

	while ((result = source_next(lingering->proc, &event, err)) > 0 && event.type != EVENT_TICK) {
		if (event.type == EVENT_FOUND_ENDED && lingering->nr_ended < LINGERING_MOST)
			lingering->ended[lingering->nr_ended++] = event;
	}
	return result < 0 ? result : 0;
}

int lingering_turn(struct lingering *lingering, uint64_t now_at, uint64_t last_at,
		   int (*feed)(const struct event *event, void *arg), void *arg, struct error *err)
{
	uint32_t nr_told = 0;
	int result = 0;

	if (!lingering->proc)
		return 0;
	if (now_at >= source_proc_due_at(lingering->proc))
		result = look(lingering, err);
	while (!result && nr_told < lingering->nr_ended && lingering->ended[nr_told].at <= last_at) {
		struct event event = lingering->ended[nr_told++];

		event.at = last_at;	/* the engine's time does not go back */
		result = feed(&event, arg);
	}
	lingering->nr_ended -= nr_told;
	memmove(lingering->ended, lingering->ended + nr_told,
		lingering->nr_ended * sizeof(*lingering->ended));
	if (now_at >= lingering->until_at && !lingering->nr_ended)
		lingering->proc = NULL;
	return result;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "works.h"

#include <string.h>

static uint32_t find(const struct works *works, int32_t tid)
{
	uint32_t i = 0;

	while (i < works->nr && works->items[i].tid != tid)
		i++;
	return i;
}

static void forget(struct works *works, int32_t tid)
{
	uint32_t at = find(works, tid);

	if (at == works->nr)
		return;
	works->nr--;
	memmove(&works->items[at], &works->items[at + 1], (works->nr - at) * sizeof(*works->items));
}

void works_count(struct works *works, const struct event *event)
{
	if (event->type != EVENT_WORK_START && event->type != EVENT_WORK_END)
		return;
	forget(works, event->tid);
	if (event->type == EVENT_WORK_END)
		return;
	if (works->nr == WORKS_MAX)
		forget(works, works->items[0].tid);
	works->items[works->nr].tid = event->tid;
	works->items[works->nr++].function = event->work.function;
}

uint32_t works_of(const struct works *works, int32_t tid)
{
	uint32_t at = find(works, tid);

	return at < works->nr ? works->items[at].function : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <errno.h>
#include <stdlib.h>

#include "../util/error.h"

struct source_array {
	struct source source;
	const struct event *events;
	size_t nr_events;
	size_t next;
};

static int source_array_next(struct source *src, struct event *event, struct error *err)
{
	struct source_array *array = (struct source_array *)src;
	struct source_info *info = &src->info;

	(void)err;
	if (array->next == array->nr_events)
		return 0;
	*event = array->events[array->next++];
	if (event->type == EVENT_LOSS) {
		info->nr_losses++;
		info->lost_events += event->loss.lost_events;
		return 1;
	}
	if (!info->nr_events++)
		info->first_at = event->at;
	if (event->at > info->last_at)
		info->last_at = event->at;
	if (event->cpu >= info->nr_cpus && event->cpu < ENGINE_MAX_CPUS)
		info->nr_cpus = event->cpu + 1;
	return 1;
}

static void source_array_close(struct source *src)
{
	free(src);
}

static const struct source_ops source_array_ops = {
	.next = source_array_next,
	.close = source_array_close,
};

int source_array_open(const struct event *events, size_t nr_events, struct source **ret,
		      struct error *err)
{
	struct source_array *array = calloc(1, sizeof(*array));

	if (!array)
		return error_set(err, -ENOMEM, "out of memory");
	array->source.ops = &source_array_ops;
	array->source.info.format = SOURCE_ARRAY;
	array->source.info.is_preempt_rt = TRI_UNKNOWN;
	array->source.info.has_fair_server = TRI_UNKNOWN;
	for (size_t i = 0; i < nr_events; i++)
		array->source.info.events_present |= EVENT_BIT(events[i].type);
	array->events = events;
	array->nr_events = nr_events;
	*ret = &array->source;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"
#include "util/clock.h"

#include <inttypes.h>

#define FIRST_AFTER_MS 1000u
#define AGAIN_AFTER_MS 200u

void progress_init(struct progress *progress, FILE *terminal)
{
	*progress = (struct progress){ .terminal = terminal };
	if (terminal)
		progress->begun_ms = clock_mono_ms();
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total, uint64_t nr_events)
{
	uint64_t at_ms;

	if (!progress->terminal)
		return;
	at_ms = clock_mono_ms();
	if (at_ms - progress->begun_ms < FIRST_AFTER_MS ||
	    (progress->shown_ms && at_ms - progress->shown_ms < AGAIN_AFTER_MS))
		return;
	progress->shown_ms = at_ms;
	fprintf(progress->terminal, "\r\033[Kreading: %.1f million events", (double)nr_events / 1e6);
	if (total)
		fprintf(progress->terminal, ", %" PRIu64 " %%",
			done >= total ? 100 : (uint64_t)((double)done * 100 / (double)total));
	fflush(progress->terminal);
}

void progress_deinit(struct progress *progress)
{
	if (!progress->terminal || !progress->shown_ms)
		return;
	fputs("\r\033[K", progress->terminal);
	fflush(progress->terminal);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_notice.h"

#include "../view/format.h"
#include "enforce_log.h"

#define HANG_QUIET_NS 50000000u

static void say_cpu(uint32_t cpu, bool is_on, void *arg)
{
	const struct enforce_notice *notice = arg;

	if (!notice->cpus || parse_cpus_has(notice->cpus, cpu))
		enforce_log_say(notice->log, ENFORCE_LOG_NOTICE, "CPU %u %s", cpu,
				is_on ? "is back" : "went off");
}

void enforce_notice_cpus(struct enforce_notice *notice, uint64_t now)
{
	cpus_on_look(&notice->cpus_on, now, say_cpu, notice);
}

/* Short ones are of no interest: a busy machine has them. */
void enforce_notice_hang(struct enforce_notice *notice, bool hangs, uint64_t now)
{
	if (hangs && !notice->hangs_from_at) {
		notice->hangs_from_at = now;
	} else if (hangs && !notice->is_hang_said && now - notice->hangs_from_at >= HANG_QUIET_NS) {
		notice->is_hang_said = true;
		enforce_log_say(notice->log, ENFORCE_LOG_WARNING,
				"reading kernel threads in /proc hangs, as when a starved kworker holds "
				"wq_pool_attach_mutex: it goes on without");
	} else if (!hangs) {
		if (notice->is_hang_said)
			enforce_log_say(notice->log, ENFORCE_LOG_NOTICE,
					"kernel threads can be read in /proc again, after %s",
					format_duration(now - notice->hangs_from_at).text);
		notice->is_hang_said = false;
		notice->hangs_from_at = 0;
	}
}

void enforce_notice_losses(struct enforce_notice *notice, uint64_t nr_losses, uint64_t lost_events)
{
	if (nr_losses == notice->nr_losses)
		return;
	notice->nr_losses = nr_losses;
	enforce_log_say(notice->log, ENFORCE_LOG_DEBUG, "the trace has lost %llu events so far",
			(unsigned long long)lost_events);
}

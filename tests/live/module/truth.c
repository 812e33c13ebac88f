// SPDX-License-Identifier: GPL-2.0-only
#include "stallbench.h"

#include <linux/delay.h>
#include <linux/timekeeping.h>
#include <linux/trace_clock.h>

#define NR_STAMPS 1024
#define LABEL_LEN 64

struct stamp {
	char label[LABEL_LEN];
	u64 mono_at;
	u64 local_at;
	int cpu;
	bool is_whole;		/* written last: the other fields can be read */
};

static struct stamp stamps[NR_STAMPS];
static atomic_t nr_stamps;

void truth_note(const char *format, ...)
{
	u64 mono_at = ktime_get_mono_fast_ns(), local_at = trace_clock_local();
	int i = atomic_inc_return(&nr_stamps) - 1;
	va_list args;

	if (i >= NR_STAMPS)
		return;
	va_start(args, format);
	vsnprintf(stamps[i].label, LABEL_LEN, format, args);
	va_end(args);
	stamps[i].mono_at = mono_at;
	stamps[i].local_at = local_at;
	stamps[i].cpu = raw_smp_processor_id();
	smp_store_release(&stamps[i].is_whole, true);
}

/* The instant of the first stamp of this name; 0 when there is none yet. */
u64 truth_find(const char *label)
{
	int nr = min(atomic_read(&nr_stamps), NR_STAMPS);
	int i;

	for (i = 0; i < nr; i++)
		if (smp_load_acquire(&stamps[i].is_whole) && !strcmp(stamps[i].label, label))
			return stamps[i].mono_at;
	return 0;
}

bool truth_is_too_late(u64 began_at)
{
	return ktime_get_mono_fast_ns() - began_at > (u64)limit_ms * NSEC_PER_MSEC;
}

/* Poll for a stamp, asleep in between. */
int truth_await(const char *label)
{
	u64 began_at = ktime_get_mono_fast_ns();

	while (!truth_find(label)) {
		if (truth_is_too_late(began_at))
			return -ETIMEDOUT;
		usleep_range(500, 1000);
	}
	return 0;
}

void truth_show(struct seq_file *seq)
{
	int i, nr = min(atomic_read(&nr_stamps), NR_STAMPS);

	for (i = 0; i < nr; i++)
		if (smp_load_acquire(&stamps[i].is_whole))
			seq_printf(seq, "at %s %llu %llu %d\n", stamps[i].label, stamps[i].mono_at,
				   stamps[i].local_at, stamps[i].cpu);
}

void truth_reset(void)
{
	memset(stamps, 0, sizeof(stamps));
	atomic_set(&nr_stamps, 0);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "stall_count.h"

void stall_count_change(struct stall_count *count, const struct stall_count_change *change)
{
	if (change->before_ns > count->most_ns)
		count->most_ns = change->before_ns;
	if (change->stall_ns >= count->most_ns && !change->has_omitted) {
		count->left_out = change->nr_counted - change->nr_kept;
		count->from_at = 0;
	} else {
		count->left_out = change->nr_counted;
		count->from_at = change->at;
	}
}

uint64_t stall_count_of(const struct stall_count *count, uint64_t nr_counted)
{
	return nr_counted > count->left_out ? nr_counted - count->left_out : 0;
}

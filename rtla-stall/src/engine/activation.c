// SPDX-License-Identifier: GPL-2.0-only
#include "activation.h"

#include <assert.h>

void activation_begin(struct activation *act, uint64_t arrival_at, uint64_t release_at)
{
	*act = (struct activation){
		.is_known = true,
		.arrival_at = arrival_at,
		.release_jitter_ns = release_at - arrival_at,
	};
}

void activation_forget(struct activation *act)
{
	act->is_known = false;
}

bool activation_complete(struct activation *act, uint64_t completed_at, uint64_t *response_ns)
{
	if (!act->is_known)
		return false;
	act->is_known = false;
	*response_ns = completed_at - act->arrival_at;
	assert(*response_ns == act->release_jitter_ns + act->waits_ns + act->execution_ns +
				       act->on_top_ns + act->suspension_ns);
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_ACTIVATION_H
#define RTLA_STALL_ENGINE_ACTIVATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One release of a thread and all its work until completion, taken to pieces:
 *
 *     arrival   waking    switch-in       switch-out D  waking  switch-in      switch-out S
 *        |--------|-----------|---------------|------------|--------|---------------|
 *          jitter     wait        execution     suspension   wait       execution
 *                               (irq on top)
 *
 * response = jitter + waits + execution + on top + suspension, exactly; asserted at completion. It
 * is R = J + B + I + C of response-time analysis (Joseph and Pandya 1986; Audsley et al. 1993 with
 * release jitter), measured. An activation whose beginning, or any part, the trace does not show is
 * forgotten.
 */

struct activation {
	bool is_known;		/* every part of it so far was seen */
	uint64_t arrival_at;
	uint64_t release_jitter_ns;
	uint64_t waits_ns;
	uint64_t execution_ns;
	uint64_t on_top_ns;
	uint64_t suspension_ns;
};

/** activation_begin() - the thread is released; @arrival_at not after @release_at */
void activation_begin(struct activation *act, uint64_t arrival_at, uint64_t release_at);

/** activation_forget() - something of it cannot be known */
void activation_forget(struct activation *act);

/**
 * activation_complete() - the work is done
 * @response_ns: set when true is returned
 *
 * Return: whether all of it was seen.
 */
bool activation_complete(struct activation *act, uint64_t completed_at, uint64_t *response_ns);

#endif

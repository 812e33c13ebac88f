/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_FACTS_H
#define RTLA_STALL_SOURCE_DAT_FACTS_H

#include <stdbool.h>

#include "dat_file.h"
#include "source.h"

/*
 * What a trace.dat says of the machine it is from. Old files say little; what is not said is
 * unknown.
 */

/** dat_facts_read() - kernel, clock, CPUs, is_x86, is_preempt_rt and has_fair_server of @info */
void dat_facts_read(const struct dat_file *file, const struct dat_buffer *buffer,
		    struct source_info *info);

/**
 * dat_facts_has_lazy_flag() - does bit 02 of common_flags mean need_resched_lazy?
 *
 * It does since 6.13, on PREEMPT_RT since 6.12, and where it cannot mean what it did before: that
 * the machine's irqs-off state is not traced, which x86's always is.
 */
bool dat_facts_has_lazy_flag(const struct source_info *info);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_TEXT_SCAN_H
#define RTLA_STALL_SOURCE_TEXT_SCAN_H

#include "source.h"
#include "text_losses.h"
#include "text_reader.h"

/*
 * The first of two passes over a text that can be read twice. It reads the columns of every line
 * and the name of its event, not the fields, and finds out what has to be known before the first
 * event is handed on: which events there are, how many CPUs, whether it is PREEMPT_RT, and where
 * events were lost. In a line at fault it sees the same as the second pass, because both use
 * text_line.h.
 */

/**
 * text_scan() - read a text to its end
 * @reader: at its beginning; the buffer may be full already
 * @info: nr_cpus, kernel, events_present, has_irq_vectors, ... are filled in
 * @losses: an empty list; sorted for delivery
 *
 * Return: 0 or a negative errno.
 */
int text_scan(struct text_reader *reader, struct names *names, struct source_info *info,
	      struct text_losses *losses) __attribute__((warn_unused_result));

#endif

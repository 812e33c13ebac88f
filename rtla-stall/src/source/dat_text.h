/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_TEXT_H
#define RTLA_STALL_SOURCE_DAT_TEXT_H

#include "dat_file.h"
#include "source.h"

/**
 * dat_text_open() - a source for the ftrace text that latency tracers' trace.dat files hold
 * @fd: of the trace.dat; taken over on success only
 *
 * Return: 0 or a negative errno with words in @err.
 */
int dat_text_open(const struct dat_file *file, const struct dat_buffer *buffer, int fd,
		  const char *path, const struct source_options *options, struct source **ret,
		  struct error *err) __attribute__((warn_unused_result));

#endif

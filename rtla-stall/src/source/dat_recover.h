/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_RECOVER_H
#define RTLA_STALL_SOURCE_DAT_RECOVER_H

#include "dat_file.h"
#include "decode.h"

/*
 * The pages of a version 7 file whose end is missing, and with it the option that says where each
 * CPU's pages are and which CPU's they are.
 *
 * Where they are can be told from the pages themselves. CPUs without a record have no pages at all,
 * so whose they are is only known to be in the order of the CPUs; the idle threads' names
 * (swapper/N) in their records tell the rest.
 */

/**
 * dat_recover_buffer() - add a buffer with what is found in a section of pages
 *
 * Return: 0 or -ENOMEM.
 */
int dat_recover_buffer(struct dat_file *file, const struct dat_place *pages)
	__attribute__((warn_unused_result));

/**
 * dat_recover_cpus() - find out whose pages are whose, and which CPUs' pages are gone
 * @buffer: recovered
 * @decoder: knows the formats
 * @page_size: of the ring buffer
 *
 * Return: 0 or -ENOMEM.
 */
int dat_recover_cpus(struct dat_file *file, struct dat_buffer *buffer, struct decoder *decoder,
		     uint32_t page_size) __attribute__((warn_unused_result));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_DECODER_H
#define RTLA_STALL_SOURCE_DAT_DECODER_H

#include <stdint.h>

#include "dat_file.h"
#include "dat_symbols.h"
#include "decode.h"

/**
 * dat_decoder_open() - a decoder that knows the formats and symbols of a trace.dat
 * @file: borrowed, outlives both; what is wrong with its formats is noted there
 * @nr_cpus: 0 unknown
 * @symbols, @decoder: set as far as it came, also on failure; to be destroyed, the decoder first
 *
 * Return: 0 or a negative errno with words in @err.
 */
int dat_decoder_open(struct dat_file *file, uint32_t nr_cpus, struct names *names,
		     struct dat_symbols **symbols, struct decoder **decoder, struct error *err)
	__attribute__((warn_unused_result));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_DAT_SYMBOLS_H
#define RTLA_STALL_SOURCE_DAT_SYMBOLS_H

#include <stdint.h>

#include "dat_file.h"

/*
 * The kernel's functions by address, from the copy of /proc/kallsyms in a trace.dat.
 *
 * The copy is some megabytes of text, and most traces ask for a few names or none: it is read when
 * the first one is asked for, and then kept as a sorted table of functions only.
 */

struct names;
struct dat_symbols;

/**
 * dat_symbols_create() - nothing is read yet
 * @file: borrowed; outlives the symbols
 * @names: borrowed; names found are added to it
 *
 * Return: the symbols, or NULL when out of memory.
 */
struct dat_symbols *dat_symbols_create(const struct dat_file *file, struct names *names);

/** dat_symbols_destroy() - free them; @symbols may be NULL */
void dat_symbols_destroy(struct dat_symbols *symbols);

/**
 * dat_symbols_find() - the function an address is in
 * @symbols: struct dat_symbols; void for use as a callback
 * @is_entry: only one that begins there: what a pointer points to, that no symbol tells, is not
 *	      the function before it
 *
 * Return: its name, without offset and module; 0 when there is none.
 */
uint32_t dat_symbols_find(void *symbols, uint64_t address, bool is_entry);

#endif

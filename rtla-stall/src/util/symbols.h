/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_SYMBOLS_H
#define RTLA_STALL_UTIL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names of the running kernel's functions, by address: /proc/kallsyms, read once.
 *
 * Only functions are kept, those of modules with their module: "vfs_read", "ip_rcv [ipv6]". Of several
 * names of one address the plainest is taken. An address far beyond the last function before it has no
 * name: it belongs to a module or a BPF program that was loaded since.
 *
 * Once made it does not change: any thread may ask.
 */

#define SYMBOLS_FILE "/proc/kallsyms"
#define SYMBOLS_MAX_NAME 96u

struct error;
struct symbols;

/**
 * symbols_create() - read them
 * @path: SYMBOLS_FILE but in tests
 * @ret: set on success only
 *
 * Return: 0 or a negative errno with words in @err; -EACCES when the kernel hides the addresses.
 */
int symbols_create(const char *path, struct symbols **ret, struct error *err)
	__attribute__((warn_unused_result));

/** symbols_destroy() - free them; @symbols may be NULL */
void symbols_destroy(struct symbols *symbols);

/**
 * symbols_find() - the function an address is in
 * @is_return: it is where a call returns to, which may be behind the end of the function that called
 * @ret: SYMBOLS_MAX_NAME bytes; without offset, cut when it is longer; left alone when there is none
 *
 * Return: false when there is none.
 */
bool symbols_find(const struct symbols *symbols, uint64_t address, bool is_return, char *ret);

#endif

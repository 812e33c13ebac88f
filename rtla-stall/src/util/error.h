/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_ERROR_H
#define RTLA_STALL_UTIL_ERROR_H

/*
 * A failure, in words.
 *
 * A function that can fail returns 0 or a negative errno and takes a struct error * as its last
 * argument. The caller owns the struct (usually in its frame) and may pass NULL. The text is lower
 * case, has no newline, and names the object that failed. Only stall.c prints it.
 *
 * Losses and odd data in a trace are not failures: they are events, flags and counters.
 */

struct error {
	int code;	/* negative errno; 0: no failure */
	char text[256];	/* "" when code is 0 */
};

/**
 * error_set() - say what failed
 * @err: may be NULL
 * @code: negative errno
 *
 * Return: @code, so that a function can end with "return error_set(...)".
 */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * error_prefix() - put words in front of what was said, when the caller knows more
 * @err: may be NULL
 *
 * Return: err->code, or 0 when @err is NULL.
 */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_MESSAGE_H
#define RTLA_STALL_SOURCE_LIVE_MESSAGE_H

#include <stdint.h>

/*
 * What the process that sets tracing up tells the one that waits for it, over a socket that keeps
 * messages apart; an open file may come with one.
 */

enum live_message_kind {
	LIVE_MESSAGE_STEP,	/* text: what it does now */
	LIVE_MESSAGE_WARNING,	/* text, for the user */
	LIVE_MESSAGE_HEAD,	/* fd; value: size of the ring buffer's pages */
	LIVE_MESSAGE_CMDLINES,	/* fd */
	LIVE_MESSAGE_PAGES,	/* fd, cpu */
	LIVE_MESSAGE_STATS,	/* fd, cpu: the one whose pages came last */
	LIVE_MESSAGE_HIST,	/* fd, text: SYSTEM:EVENT, whose histogram it is */
	LIVE_MESSAGE_DONE,	/* value: enum live_tracer; cpu: kB per CPU */
	LIVE_MESSAGE_FAILED,	/* code, text */
};

struct live_message {
	uint32_t kind;
	uint32_t cpu;
	uint32_t value;
	int32_t code;
	char text[256];
};

/** live_message_send() - @fd: -1 none. Return: 0 or a negative errno */
int live_message_send(int to, const struct live_message *message, int fd)
	__attribute__((warn_unused_result));

/**
 * live_message_receive() - without waiting
 * @fd: -1 when none came; the caller's otherwise
 *
 * Return: 1; 0 when there is none now; -EPIPE when there will be none; another negative errno.
 */
int live_message_receive(int from, struct live_message *message, int *fd)
	__attribute__((warn_unused_result));

#endif

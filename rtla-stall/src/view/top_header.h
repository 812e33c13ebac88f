/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_HEADER_H
#define RTLA_STALL_VIEW_TOP_HEADER_H

#include <stdint.h>

#include "top_page.h"
#include "top_table.h"

/*
 * What stands above every table of `top`: what is watched, how the run goes, and the verdict: the worst
 * open wait in one sentence. On a low screen there is less of it. Pure: no I/O.
 *
 *     rtla-stall top - 14:03:27  6.1.0-56-rt-amd64 PREEMPT_RT  8 CPUs
 *     LIVE 0:01:33  stalls >=10 ms: 3  lost 0  own CPU 1.2 %  12345 events/s
 *     STALL: kworker/3:1 (99) on CPU 3 ready for 4.53 s: loop-rt (164, FIFO 55) has the CPU
 */

/** top_header_draw() - append its lines; how many depends on @height and the phase alone */
void top_header_draw(const struct top_scene *scene, uint32_t height, uint64_t refresh_ns,
		     struct top_page *page);

/**
 * top_header_verdict() - the worst open wait in words
 * @ret: set to the sentence
 *
 * Return: enum top_paint.
 */
uint8_t top_header_verdict(const struct top_scene *scene, struct strbuf *ret);

/* A piece of a line that is left out where there is no room for it. */
struct top_item {
	char text[160];
	uint8_t paint;
	uint8_t leave_out;	/* 0 never; else the higher the earlier */
};

/** top_header_items() - a line of items, two blanks between them */
void top_header_items(struct top_page *page, const struct top_item *items, uint32_t nr_items);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_HAND_OUT_H
#define RTLA_STALL_ENGINE_HAND_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "episode.h"

/* A wait as the episode that others see. That its parts sum to the whole is asserted here. */

struct engine;
struct wait;

/**
 * hand_out() - as far as it was walked
 * @flags: enum episode_flag, beside its own
 */
void hand_out(const struct wait *wait, uint8_t flags, bool has_segments,
	      void (*on_episode)(const struct episode *episode, void *arg), void *arg);

/** hand_out_open() - as if it were cut at @now_at; it goes on unchanged. Return: 0 or -ENOMEM */
int hand_out_open(struct engine *eng, const struct wait *wait, uint64_t now_at,
		  void (*on_episode)(const struct episode *episode, void *arg), void *arg);

#endif

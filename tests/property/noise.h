/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_PROPERTY_NOISE_H
#define TESTS_PROPERTY_NOISE_H

#include "sched_sim.h"

/*
 * The same history as the osnoise tracer would tell it: no entry and exit of interrupts and softirqs, but one
 * record at the end of each, with the time that was its own.
 */

/**
 * noise_of_history() - retell interrupts as noise
 * @ret: room for sim->nr_events; as many are written
 *
 * Return: false when one of them does not end in the history: then nothing would tell of it.
 */
bool noise_of_history(const struct sim *sim, struct event *ret);

#endif

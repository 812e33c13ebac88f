/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_PLACE_H
#define RTLA_STALL_BOOST_ENFORCE_PLACE_H

#include <stdint.h>
#include <sys/types.h>

/*
 * On which CPUs a run is: not where somebody starves, if there is another one.
 *
 * Where a real-time thread keeps a CPU busy, the kernel stops all real-time threads of that CPU for 50 ms in
 * each second (real-time throttling), or lets its fair server run before them. Both would stop us as well,
 * just when we are to boost.
 *
 *     enforce_place_create()     the CPUs it has now are those that it may be on
 *     enforce_place_avoid()      in each round, for each CPU on which somebody waits
 *     enforce_place_settle()     and then once: moves, if that changes anything
 *
 * A CPU is avoided until ENFORCE_PLACE_CALM_NS after the last wait there. When all are, none is.
 */

#define ENFORCE_PLACE_CALM_NS UINT64_C(2000000000)	/* two periods of real-time throttling */

struct enforce_place;
struct error;

/** enforce_place_create() - Return: 0 or a negative errno with words in @err */
int enforce_place_create(struct enforce_place **ret, struct error *err) __attribute__((warn_unused_result));

/** enforce_place_destroy() - it stays where it is; @place may be NULL */
void enforce_place_destroy(struct enforce_place *place);

/** enforce_place_avoid() - somebody waits there */
void enforce_place_avoid(struct enforce_place *place, uint32_t cpu, uint64_t now);

/**
 * enforce_place_settle() - move the calling thread, and @companion
 * @companion: a process of ours; 0 none
 *
 * What the kernel refuses (a SCHED_DEADLINE thread cannot be moved) is left.
 */
void enforce_place_settle(struct enforce_place *place, pid_t companion, uint64_t now);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_WORDS_H
#define RTLA_STALL_BOOST_ENFORCE_WORDS_H

#include "../view/format.h"
#include "enforce_log.h"

/*
 * A boost in words. Where it costs nothing they are stalld's: "COMM-TID starved on CPU N for S seconds",
 * "boosted pid TID (COMM) (cpu N) using POLICY".
 */

/** enforce_words_occupant() - "hog (164), rt 55", "an idle CPU" */
struct format enforce_words_occupant(const struct plan_occupant *thread);

/** enforce_words_seconds() - "0.100" */
struct format enforce_words_seconds(uint64_t ns);

/** enforce_words_policy() - "SCHED_DEADLINE", "SCHED_FIFO" */
const char *enforce_words_policy(uint8_t policy);

/** enforce_words_say_boost() - it begins; one that goes on from an earlier one only with --verbose */
void enforce_words_say_boost(struct enforce_log *log, const struct enforce_boost_record *record);

/** enforce_words_say_end() - what came of it; likewise */
void enforce_words_say_end(struct enforce_log *log, const struct enforce_boost_record *record);

#endif

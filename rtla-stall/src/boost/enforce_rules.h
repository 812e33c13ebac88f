/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_RULES_H
#define RTLA_STALL_BOOST_ENFORCE_RULES_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the user said about threads by name: who is never boosted, who alone is, and after how long.
 *
 * Lists are extended regular expressions that match anywhere in a name, separated by commas, as in stalld's
 * -i. Thresholds are "GLOB=TIME", matching whole names; the first that matches decides. What does not
 * compile is refused in words, never ignored.
 */

struct error;

#define ENFORCE_MAX_THRESHOLDS 64u
#define ENFORCE_GLOB_MAX 64u
#define ENFORCE_THRESHOLD_LEAST_NS 1000000u

struct enforce_threshold {
	char glob[ENFORCE_GLOB_MAX];
	uint64_t threshold_ns;
};

struct enforce_list {
	regex_t *expressions;		/* compiled */
	uint32_t nr;
};

struct enforce_rules {
	uint64_t threshold_ns;		/* of those without one of their own */
	bool is_threshold_given;	/* the user named it */
	struct enforce_threshold thresholds[ENFORCE_MAX_THRESHOLDS];
	uint32_t nr_thresholds;
	struct enforce_list deny_threads;
	struct enforce_list deny_processes;
	struct enforce_list allow;	/* empty: all */
};

/* What holds for a thread: fields of struct plan_wait. */
struct enforce_verdict {
	uint8_t list;			/* PLAN_WHY_NONE, PLAN_WHY_DENIED, PLAN_WHY_NOT_ALLOWED */
	bool has_own_threshold;		/* the user named it, for all or for this name */
	uint64_t threshold_ns;
};

/**
 * enforce_rules_add_threshold() - "TIME", or "GLOB=TIME"
 * @option: for the words of an error
 * @plain_ns: what a number without a unit counts; 0: it needs one
 *
 * Return: 0 or -EINVAL with one line of words in @err.
 */
int enforce_rules_add_threshold(struct enforce_rules *rules, const char *option, const char *text,
				uint64_t plain_ns, struct error *err)
	__attribute__((warn_unused_result));

/** enforce_rules_add() - expressions to one of the lists. Return: 0, -EINVAL or -ENOMEM with words */
int enforce_rules_add(struct enforce_list *list, const char *option, const char *text, struct error *err)
	__attribute__((warn_unused_result));

/** enforce_rules_least_ns() - the smallest threshold of all */
uint64_t enforce_rules_least_ns(const struct enforce_rules *rules);

/**
 * enforce_rules_judge() - what holds for a thread
 * @process: the name of its process; NULL: not known, or the same
 */
struct enforce_verdict enforce_rules_judge(const struct enforce_rules *rules, const char *comm,
					   const char *process);

/** enforce_rules_deinit() - free what it owns; a zeroed struct is fine */
void enforce_rules_deinit(struct enforce_rules *rules);

#endif

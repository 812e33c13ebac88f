/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_BUDGET_H
#define RTLA_STALL_BOOST_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How much CPU time boosts may take from one CPU: `--budget 50us/1s`.
 *
 *     balance  50us |\          /|
 *                   | \        / |
 *                0 -|--\------/--|-- - - -
 *                   |   \    /   |
 *             debt  |    \__/    |
 *                   begin: the grant is reserved;  settle: what was measured takes its place
 *
 * Time accrues steadily, up to one whole budget (ns in per_ns); it begins with that. A boost may begin
 * when the balance covers all of its grant. When it has ended, what it really took is charged: more
 * than was granted is debt, and has to accrue again before the next boost begins. What turns out only
 * later, by the trace, is charged later: debt just the same. Nothing is forgiven and nothing is assumed.
 *
 * Pure: integers, exact (fractions of a nanosecond are carried on), no clock, no memory of its own.
 *
 * Invariant, for every history: charged_ns <= budget at the beginning + accrued since + the overrun
 * (charged less granted) of one boost, the largest, + the two largest late charges, as long as that of
 * a boost comes before the second boost after it.
 */

struct budget {
	uint64_t ns;		/* so much ... */
	uint64_t per_ns;	/* ... in so much; not 0 */
	uint64_t at;		/* accrued up to this instant */
	int64_t balance_ns;	/* below 0: debt. Reserved grants are already taken off */
	uint64_t fraction;	/* of a nanosecond of balance, in per_ns-ths */
	uint64_t reserved_ns;	/* grant of the boost that is going on; 0: none */
	bool is_reserved;

	uint64_t charged_ns;	/* all there ever was */
	uint64_t nr_boosts;	/* settled ones */
	uint64_t nr_excesses;	/* took more than their grant */
	uint64_t worst_excess_ns;
	uint64_t worst_debt_ns;
	uint64_t worst_late_ns;	/* charge that came late */
};

/**
 * budget_init() - a full budget
 * @ns, @per_ns: 50us/1s; @per_ns is not 0; @ns of 0 affords nothing, @ns >= @per_ns everything
 */
void budget_init(struct budget *budget, uint64_t ns, uint64_t per_ns, uint64_t now_at);

/** budget_grant() - the largest grant there can ever be, up to @wanted_ns */
uint64_t budget_grant(const struct budget *budget, uint64_t wanted_ns);

/** budget_affords() - may a boost with this grant begin at @now_at? An earlier @now_at changes nothing */
bool budget_affords(struct budget *budget, uint64_t grant_ns, uint64_t now_at);

/**
 * budget_ready_at() - the first instant it is affordable, if nothing else is charged
 *
 * Return: @now_at or later; UINT64_MAX: never (the grant is larger than the whole budget, or nothing
 * accrues).
 */
uint64_t budget_ready_at(struct budget *budget, uint64_t grant_ns, uint64_t now_at);

/** budget_begin() - a boost begins: reserve its grant. No other may be going on (asserted) */
void budget_begin(struct budget *budget, uint64_t grant_ns, uint64_t now_at);

/**
 * budget_settle() - it has ended
 * @charged_ns: what it took, measured; 0 when it never began
 *
 * Return: by how much that is more than its grant.
 */
uint64_t budget_settle(struct budget *budget, uint64_t charged_ns, uint64_t now_at);

/**
 * budget_charge_late() - so much more was taken than was known at budget_settle()
 *
 * Another boost may be going on.
 */
void budget_charge_late(struct budget *budget, uint64_t ns, uint64_t now_at);

/** budget_refund() - so much of what was charged was not taken after all */
void budget_refund(struct budget *budget, uint64_t ns, uint64_t now_at);

/** budget_debt_ns() - what has to accrue before the balance is 0 again */
uint64_t budget_debt_ns(const struct budget *budget);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include "budget.h"

#include <assert.h>

typedef unsigned __int128 wide;

/* What has accrued beyond any balance there could be: more makes no difference. */
#define NS_MOST ((int64_t)(UINT64_C(1) << 62))

static int64_t bounded(uint64_t ns)
{
	return ns < (uint64_t)NS_MOST ? (int64_t)ns : NS_MOST;
}

void budget_init(struct budget *budget, uint64_t ns, uint64_t per_ns, uint64_t now_at)
{
	assert(per_ns);
	*budget = (struct budget){
		.ns = ns, .per_ns = per_ns, .at = now_at, .balance_ns = bounded(ns),
	};
}

uint64_t budget_grant(const struct budget *budget, uint64_t wanted_ns)
{
	return wanted_ns < budget->ns ? wanted_ns : budget->ns;
}

/* There is never more than one whole budget. */
static void cap(struct budget *budget)
{
	int64_t most = bounded(budget->ns);

	if (budget->balance_ns < most)
		return;
	budget->balance_ns = most;
	budget->fraction = 0;
}

/* Of a balance of at least that. */
static wide missing_ns(const struct budget *budget, uint64_t ns)
{
	return (wide)((__int128)bounded(ns) - budget->balance_ns);
}

static void accrue(struct budget *budget, uint64_t now_at)
{
	wide parts, ns;

	if (now_at <= budget->at)
		return;
	parts = (wide)(now_at - budget->at) * budget->ns + budget->fraction;
	budget->at = now_at;
	ns = parts / budget->per_ns;
	budget->fraction = (uint64_t)(parts - ns * budget->per_ns);
	if (ns >= missing_ns(budget, budget->ns))
		budget->balance_ns = bounded(budget->ns);
	else
		budget->balance_ns += (int64_t)ns;
	cap(budget);
}

bool budget_affords(struct budget *budget, uint64_t grant_ns, uint64_t now_at)
{
	accrue(budget, now_at);
	return grant_ns <= budget->ns && budget->balance_ns >= bounded(grant_ns);
}

uint64_t budget_ready_at(struct budget *budget, uint64_t grant_ns, uint64_t now_at)
{
	uint64_t from_at;
	wide parts, ns;

	if (!budget->ns || grant_ns > budget->ns)
		return UINT64_MAX;
	if (budget_affords(budget, grant_ns, now_at))
		return now_at;
	from_at = budget->at > now_at ? budget->at : now_at;
	parts = missing_ns(budget, grant_ns) * budget->per_ns - budget->fraction;
	ns = (parts + budget->ns - 1) / budget->ns;
	return ns < UINT64_MAX - from_at ? from_at + (uint64_t)ns : UINT64_MAX;
}

void budget_begin(struct budget *budget, uint64_t grant_ns, uint64_t now_at)
{
	accrue(budget, now_at);
	assert(!budget->is_reserved);
	budget->is_reserved = true;
	budget->reserved_ns = grant_ns;
	budget->balance_ns -= bounded(grant_ns);
}

static void charge(struct budget *budget, uint64_t ns)
{
	uint64_t debt_ns;

	if (budget->balance_ns > -NS_MOST)
		budget->balance_ns -= bounded(ns);
	cap(budget);
	budget->charged_ns += ns;
	debt_ns = budget_debt_ns(budget);
	if (debt_ns > budget->worst_debt_ns)
		budget->worst_debt_ns = debt_ns;
}

uint64_t budget_settle(struct budget *budget, uint64_t charged_ns, uint64_t now_at)
{
	uint64_t granted_ns = budget->reserved_ns;
	uint64_t excess_ns = charged_ns > granted_ns ? charged_ns - granted_ns : 0;

	assert(budget->is_reserved);
	accrue(budget, now_at);
	budget->is_reserved = false;
	budget->reserved_ns = 0;
	budget->balance_ns += bounded(granted_ns);
	charge(budget, charged_ns);
	if (charged_ns)
		budget->nr_boosts++;
	if (excess_ns)
		budget->nr_excesses++;
	if (excess_ns > budget->worst_excess_ns)
		budget->worst_excess_ns = excess_ns;
	return excess_ns;
}

void budget_charge_late(struct budget *budget, uint64_t ns, uint64_t now_at)
{
	accrue(budget, now_at);
	charge(budget, ns);
	if (ns > budget->worst_late_ns)
		budget->worst_late_ns = ns;
}

void budget_refund(struct budget *budget, uint64_t ns, uint64_t now_at)
{
	assert(ns <= budget->charged_ns);
	accrue(budget, now_at);
	budget->charged_ns -= ns;
	budget->balance_ns += bounded(ns);
	cap(budget);
}

uint64_t budget_debt_ns(const struct budget *budget)
{
	/* what is reserved for the boost that goes on is no debt */
	int64_t balance_ns = budget->balance_ns + bounded(budget->reserved_ns);

	return balance_ns < 0 ? (uint64_t)-balance_ns : 0;
}

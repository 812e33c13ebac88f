// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_boost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/clock.h"
#include "../util/error.h"
#include "../view/format.h"
#include "enforce_blame.h"
#include "enforce_loss.h"
#include "enforce_state.h"
#include "enforce_words.h"
#include "restorer.h"

#define SUM_UP_NS UINT64_C(1000000000)	/* boosts in care are summed up so often */
#define SAY_AGAIN_NS UINT64_C(10000000000)

struct enforce_boosts {
	struct enforce_boosts_setting setting;
	struct enforce_losses *losses;
	uint64_t now;
	uint64_t tried_again_at;
	uint64_t refused_at;	/* when it was last said that the kernel refuses a boost */
	bool has_failed;	/* a restore */
	uint64_t nr_boosts;
	uint64_t nr_stalls;	/* that were boosted */
	uint64_t nr_ineffective;
	uint64_t granted_ns;
	uint64_t worst_late_ns;
	uint64_t worst_excess_ns;
};

/* ---- saying it -------------------------------------------------------------------------------- */

static void sum_up(struct enforce_boosts *boosts, struct enforce_case *item)
{
	if (!(item->record.notes & PLAN_NOTE_IN_CARE))
		item->summed_at = boosts->now;
	if (boosts->now - item->summed_at < SUM_UP_NS)
		return;
	item->summed_at = boosts->now;
	enforce_log_say(boosts->setting.log, ENFORCE_LOG_INFO,
			"pid %d (%s) still starves on CPU %u: %u boosts so far, "
			"%s of CPU time",
			item->tid, format_name(item->comm).text, item->cpu, item->nr_boosts,
			format_duration(item->granted_ns).text);
}

static void say_let_be(const struct enforce_boosts *boosts, const struct plan_command *command)
{
	struct enforce_case *item = enforce_cases_find(boosts->setting.cases, command->wait.tid);
	bool is_loud = command->notes & PLAN_NOTE_LOUD;
	struct format until = { "" };

	if (item)
		item->let_be_at = boosts->now;
	if (!item || (item->said_why == command->why && boosts->now - item->said_at < SAY_AGAIN_NS))
		return;
	item->said_why = command->why;
	item->said_at = boosts->now;
	if (command->until_at > boosts->now && command->until_at != UINT64_MAX)
		snprintf(until.text, sizeof(until.text), ", for another %.40s",
			 format_duration(command->until_at - boosts->now).text);
	enforce_log_say(boosts->setting.log, is_loud ? ENFORCE_LOG_WARNING : ENFORCE_LOG_DEBUG,
			"%.40s-%d starved on CPU %u for %s seconds behind %s: %s, because %s%s",
			format_name(item->comm).text, item->tid, command->cpu,
			enforce_words_seconds(command->wait_ns).text,
			enforce_words_occupant(&command->wait.occupant).text,
			is_loud ? "it is NOT kept alive" : "let be", plan_why_words(command->why),
			until.text);
}

/* ---- boosting --------------------------------------------------------------------------------- */

static void fill_record(struct enforce_boosts *boosts, struct enforce_case *item,
			const struct plan_command *command, uint64_t boosted_at)
{
	struct enforce_boost_record *record = &item->record;
	/* not late: from a CPU nobody watches, and due at once; or let be, for good reason */
	bool is_late_known = !(command->notes & PLAN_NOTE_IN_CARE) && item->known_at <= item->due_at &&
			     boosted_at >= item->due_at && item->let_be_at < item->began_at;

	*record = (struct enforce_boost_record){
		.serial = command->serial,
		.tid = item->tid,
		.prio = item->prio,
		.is_kthread = item->is_kthread,
		.cpu = command->cpu,
		.threshold_ns = item->verdict.threshold_ns,
		.wait_began_at = item->began_at,
		.wait_ns = boosted_at > item->began_at ? boosted_at - item->began_at : 0,
		.boosted_at = boosted_at,
		.boosting_ns = boosted_at - boosts->now,
		.is_late_known = is_late_known,
		.late_ns = is_late_known ? boosted_at - item->due_at : 0,
		.culprit = command->wait.occupant,
		.waited_by = item->waited_by,
		.waited_by_ns = boosted_at > item->waited_by_at ? boosted_at - item->waited_by_at : 0,
		.nr_victims = item->waited_by.kind == PLAN_OCCUPANT_THREAD,
		.policy = command->policy,
		.notes = command->notes,
		.seen_by = (uint8_t)enforce_watch_seen_by(boosts->setting.watch),
		.is_dry_run = !boosts->setting.ledger,
		.rt_priority = command->rt_priority,
		.grant_ns = command->grant_ns,
		.period_ns = command->period_ns,
	};
	memcpy(record->comm, item->comm, sizeof(record->comm));
	memcpy(record->work, item->work, sizeof(record->work));
	enforce_blame(boosts->setting.watch, boosts->setting.cases, item->task, record);
}

/* Whoever has the CPU pays; when that is one of ours for a moment, whoever had it before. */
static int32_t find_payer(const struct enforce_boosts *boosts, const struct enforce_case *item)
{
	const struct plan_occupant *payer = &item->put_before;

	if (payer->kind != PLAN_OCCUPANT_THREAD || payer->is_ourselves)
		payer = &item->record.culprit;
	if (!boosts->setting.ledger || item->record.seen_by != ENFORCE_SEEN_BY_TRACE ||
	    payer->kind != PLAN_OCCUPANT_THREAD)
		return TID_UNKNOWN;
	return payer->tid;
}

static void count_boost(struct enforce_boosts *boosts, struct enforce_case *item)
{
	const struct enforce_boost_record *record = &item->record;

	boosts->nr_boosts++;
	if (!(record->notes & PLAN_NOTE_IN_CARE)) {
		boosts->nr_stalls++;
		item->nr_boosts = 0;
		item->granted_ns = 0;
	}
	item->nr_boosts++;
	if (record->late_ns > boosts->worst_late_ns)
		boosts->worst_late_ns = record->late_ns;
}

static void do_boost(struct enforce_boosts *boosts, const struct plan_command *command)
{
	struct enforce_case *item = enforce_cases_find(boosts->setting.cases, command->wait.tid);
	struct ledger_boost boost = { .boosted_at = clock_mono_ns() };
	struct error failure = { 0 };
	int result = 0;

	if (!item || item->is_boosted) {
		plan_refused(boosts->setting.plan, command, -ESRCH);
		return;
	}
	if (boosts->setting.ledger) {
		struct ledger_order order = ledger_order_of(command);

		order.start_ticks = item->start_ticks;
		order.has_nr_runs = true;
		order.nr_runs = item->nr_runs;
		result = ledger_boost(boosts->setting.ledger, &order, &boost, &failure);
	}
	if (result) {
		plan_refused(boosts->setting.plan, command, result);
		if (result == -EAGAIN)
			item->read_at = 0;	/* it has run: see since when it waits now */
		if (result != -ESRCH && result != -EAGAIN)
			enforce_log_say(boosts->setting.log,
					boosts->now - boosts->refused_at < SAY_AGAIN_NS ?
						ENFORCE_LOG_DEBUG :
						ENFORCE_LOG_WARNING,
					"pid %d (%s) cannot be boosted by %s: "
					"%s",
					item->tid, format_name(item->comm).text,
					enforce_words_policy(command->policy),
					*failure.text ? failure.text : strerror(-result));
		if (result != -ESRCH && result != -EAGAIN && boosts->now - boosts->refused_at >= SAY_AGAIN_NS)
			boosts->refused_at = boosts->now;
		return;
	}
	plan_boosted(boosts->setting.plan, command, boost.boosted_at);
	if (boosts->setting.restorer)
		restorer_note(boosts->setting.restorer);
	item->is_boosted = true;
	item->boost = boost.id;
	item->care_until_at = boost.boosted_at + boosts->setting.params->duration_ns;
	item->put_before = command->wait.occupant;
	fill_record(boosts, item, command, boost.boosted_at);
	enforce_losses_begin(boosts->losses, command->cpu, find_payer(boosts, item), boosts->now);
	count_boost(boosts, item);
	enforce_words_say_boost(boosts->setting.log, &item->record);
}

/* ---- what it cost ----------------------------------------------------------------------------- */

/* More than was granted; or less, when it ended while it was boosted, and all the time was charged. */
static void settle(struct enforce_boosts *boosts, const struct enforce_held *held)
{
	const struct enforce_boost_record *record = &held->record;

	if (!record->is_jitter_known)
		return;
	if (record->jitter_ns > held->charged_ns)
		plan_charge_late(boosts->setting.plan, record->cpu, record->jitter_ns - held->charged_ns,
				 boosts->now);
	else if (!record->is_granted_known)
		plan_refund(boosts->setting.plan, record->cpu, held->charged_ns - record->jitter_ns,
			    boosts->now);
}

static void emit(struct enforce_boosts *boosts, struct enforce_held *held)
{
	struct enforce_boost_record *record = &held->record;

	settle(boosts, held);
	if (record->is_jitter_known && (record->jitter_ns > held->charged_ns || !record->is_granted_known)) {
		record->excess_ns = record->jitter_ns > record->grant_ns ?
					    record->jitter_ns - record->grant_ns : 0;
		record->budget_debt_ns = budget_debt_ns(plan_budget(boosts->setting.plan, record->cpu));
	}
	if (record->excess_ns > boosts->worst_excess_ns)
		boosts->worst_excess_ns = record->excess_ns;
	enforce_log_boost(boosts->setting.log, record);
}

/* Those whose cost is known by now. */
static void emit_known(struct enforce_boosts *boosts)
{
	struct engine *engine = enforce_watch_engine(boosts->setting.watch);
	uint64_t seen_at = enforce_watch_seen_at(boosts->setting.watch);
	struct enforce_held held;

	while (enforce_losses_next(boosts->losses, engine, seen_at, &held))
		emit(boosts, &held);
}

/* That of one CPU, known or not. */
static void emit_held(struct enforce_boosts *boosts, uint32_t cpu)
{
	struct engine *engine = enforce_watch_engine(boosts->setting.watch);
	uint64_t seen_at = enforce_watch_seen_at(boosts->setting.watch);
	struct enforce_held held;

	if (enforce_losses_take(boosts->losses, cpu, engine, seen_at, &held))
		emit(boosts, &held);
}

static void hold_or_emit(struct enforce_boosts *boosts, const struct enforce_boost_record *record,
			 uint64_t charged_ns)
{
	struct enforce_held held = { .record = *record, .charged_ns = charged_ns };

	if (!enforce_losses_hold(boosts->losses, record, charged_ns))
		emit(boosts, &held);
}

/* ---- restoring -------------------------------------------------------------------------------- */

static void end_record(struct enforce_boosts *boosts, struct enforce_case *item,
		       const struct plan_command *command, const struct ledger_outcome *outcome)
{
	struct enforce_boost_record *record = &item->record;
	const struct budget *budget = plan_budget(boosts->setting.plan, record->cpu);
	uint64_t charged_ns;
	const struct plan_result result = {
		.is_granted_known = outcome->usage.has_granted,
		.granted_ns = outcome->usage.granted_ns,
		.is_asleep = outcome->usage.seen.is_asleep,
	};

	emit_held(boosts, record->cpu);
	charged_ns = budget->charged_ns;
	record->excess_ns = plan_restored(boosts->setting.plan, command, &result, outcome->restored_at);
	record->why = command->why;
	record->fate = outcome->fate;
	record->is_granted_known = result.is_granted_known;
	record->granted_ns = result.granted_ns;
	record->restored_at = outcome->restored_at;
	record->budget_debt_ns = budget_debt_ns(budget);
	hold_or_emit(boosts, record, budget->charged_ns - charged_ns);
	item->is_boosted = false;
	item->granted_ns += result.granted_ns;
	boosts->granted_ns += result.granted_ns;
	boosts->nr_ineffective += command->why == PLAN_WHY_INEFFECTIVE;
}

static void do_restore(struct enforce_boosts *boosts, const struct plan_command *command)
{
	struct enforce_case *item = enforce_cases_find(boosts->setting.cases, command->wait.tid);
	struct ledger_outcome outcome = {
		.fate = LEDGER_RESTORED,
		.restored_at = clock_mono_ns(),
		.usage = { .has_granted = true, .granted_ns = command->grant_ns },
	};
	struct error failure = { 0 };

	if (!item || !item->is_boosted) {
		const struct plan_result nothing = { .is_granted_known = true };

		plan_restored(boosts->setting.plan, command, &nothing, outcome.restored_at);
		return;
	}
	if (boosts->setting.ledger &&
	    ledger_restore(boosts->setting.ledger, item->boost, &outcome, &failure)) {
		boosts->has_failed = true;
		enforce_log_say(boosts->setting.log, ENFORCE_LOG_ERROR,
				"pid %d (%s) cannot be restored: %s", item->tid,
				format_name(item->comm).text, failure.text);
	}
	end_record(boosts, item, command, &outcome);
	enforce_words_say_end(boosts->setting.log, &item->record);
	sum_up(boosts, item);
}

static void try_again(struct enforce_boosts *boosts)
{
	struct error failure = { 0 };

	if (!boosts->has_failed || boosts->now - boosts->tried_again_at < boosts->setting.params->look_ns)
		return;
	boosts->tried_again_at = boosts->now;
	if (!ledger_retry(boosts->setting.ledger, &failure))
		boosts->has_failed = false;
}

void enforce_boosts_on_episode(struct enforce_boosts *boosts, const struct episode *episode)
{
	struct enforce_case *item = enforce_cases_find(boosts->setting.cases, episode->tid);

	enforce_losses_on_episode(boosts->losses, episode);
	if (!item || !item->is_boosted || item->record.is_ran_known ||
	    episode->ended_at < item->record.boosted_at || episode->began_at > item->record.boosted_at)
		return;
	item->record.is_ran_known = true;
	item->record.ran_after_ns = episode->ended_at - item->record.boosted_at;
}

/* ---- rounds ----------------------------------------------------------------------------------- */

static void measure(struct enforce_boosts *boosts)
{
	struct plan_boost boost;

	while (plan_next_check(boosts->setting.plan, &boost)) {
		const struct enforce_case *item = enforce_cases_find(boosts->setting.cases, boost.tid);
		struct ledger_usage usage = { .seen = { .has_run = true } };

		if (boosts->setting.ledger &&
		    (!item || ledger_measure(boosts->setting.ledger, item->boost, &usage)))
			usage.seen = (struct plan_usage){ .is_gone = true };
		plan_checked(boosts->setting.plan, &boost, &usage.seen);
	}
}

/*
 * Who has the CPU by our own doing is no culprit, nor is one who had it until we restored him, whatever the
 * trace says that was read before: the culprit is whom he was put before. Else each boost would have to
 * outrank the one before it.
 */
static void see_through_boost(const struct enforce_boosts *boosts, struct plan_occupant *occupant)
{
	const struct enforce_case *item = occupant->kind == PLAN_OCCUPANT_THREAD ?
					  enforce_cases_find(boosts->setting.cases, occupant->tid) : NULL;

	if (item && item->record.serial && !item->record.is_dry_run &&
	    (item->is_boosted ||
	     enforce_watch_seen_at(boosts->setting.watch) < item->record.restored_at + ENFORCE_SETTLE_NS))
		*occupant = item->put_before;
}

static void add_case(struct enforce_case *item, void *arg)
{
	struct enforce_boosts *boosts = arg;
	struct plan_wait wait;

	if (!item->is_waiting || !item->is_wanted ||
	    (boosts->now < item->due_at && boosts->now >= item->care_until_at) ||
	    !enforce_cases_wait(boosts->setting.cases, item, &wait))
		return;
	see_through_boost(boosts, &wait.occupant);
	plan_add(boosts->setting.plan, &wait);
	if (item->waited_by.kind != PLAN_OCCUPANT_THREAD)
		return;
	wait = (struct plan_wait){
		.tid = item->waited_by.tid,
		.prio = item->waited_by.prio,
		.cpu = item->cpu,
		.began_at = item->waited_by_at,
		.state = PLAN_IN_D,
		.is_kthread = item->waited_by.is_kthread,
		.threshold_ns = UINT64_MAX,
		.behind_tid = item->tid,
	};
	memcpy(wait.comm, item->waited_by.comm, sizeof(wait.comm));
	plan_add(boosts->setting.plan, &wait);
}

static void do_commands(struct enforce_boosts *boosts)
{
	struct plan_command command;

	while (plan_next(boosts->setting.plan, &command)) {
		boosts->now = clock_mono_ns();
		if (command.verb == PLAN_BOOST)
			do_boost(boosts, &command);
		else if (command.verb == PLAN_RESTORE)
			do_restore(boosts, &command);
		else
			say_let_be(boosts, &command);
	}
}

void enforce_boosts_round(struct enforce_boosts *boosts, uint64_t now)
{
	boosts->now = now;
	enforce_cases_round(boosts->setting.cases, now);
	emit_known(boosts);
	plan_begin(boosts->setting.plan, now);
	measure(boosts);
	enforce_cases_for_each(boosts->setting.cases, add_case, boosts);
	do_commands(boosts);
	if (boosts->setting.ledger)
		try_again(boosts);
}

uint64_t enforce_boosts_due_at(const struct enforce_boosts *boosts)
{
	uint64_t plan_at = plan_due_at(boosts->setting.plan);
	uint64_t case_at = enforce_cases_next_due_at(boosts->setting.cases);

	return plan_at < case_at ? plan_at : case_at;
}

void enforce_boosts_stop(struct enforce_boosts *boosts, uint64_t now)
{
	boosts->now = now;
	plan_stop(boosts->setting.plan, now);
	do_commands(boosts);
	for (uint32_t cpu = 0; cpu < boosts->setting.nr_cpus; cpu++)
		emit_held(boosts, cpu);
}

/* ---- how things stand ------------------------------------------------------------------------- */

void enforce_boosts_print(struct enforce_boosts *boosts, uint64_t now)
{
	boosts->now = now;
	enforce_state_print(&boosts->setting, now);
	enforce_boosts_print_totals(boosts);
}

void enforce_boosts_print_totals(const struct enforce_boosts *boosts)
{
	bool is_dry = !boosts->setting.ledger;

	enforce_log_say(boosts->setting.log, ENFORCE_LOG_NOTICE,
			"%llu stalls, %llu boosts%s, %s %s; %llu without effect; "
			"at most %s after a threshold, %s beyond a grant; %llu lines were dropped",
			(unsigned long long)boosts->nr_stalls, (unsigned long long)boosts->nr_boosts,
			is_dry ? " would have been" : "", format_duration(boosts->granted_ns).text,
			is_dry ? "granted by them" : "of CPU time",
			(unsigned long long)boosts->nr_ineffective,
			format_duration(boosts->worst_late_ns).text,
			format_duration(boosts->worst_excess_ns).text,
			(unsigned long long)enforce_log_dropped(boosts->setting.log));
}

/* ---- beginning and end ------------------------------------------------------------------------ */

int enforce_boosts_create(const struct enforce_boosts_setting *setting, struct enforce_boosts **ret,
			  struct error *err)
{
	struct enforce_boosts *boosts = calloc(1, sizeof(*boosts));

	if (!boosts)
		return error_set(err, -ENOMEM, "out of memory");
	boosts->setting = *setting;
	if (enforce_losses_create(setting->nr_cpus, &boosts->losses, err)) {
		free(boosts);
		return -ENOMEM;
	}
	*ret = boosts;
	return 0;
}

void enforce_boosts_destroy(struct enforce_boosts *boosts)
{
	if (boosts)
		enforce_losses_destroy(boosts->losses);
	free(boosts);
}

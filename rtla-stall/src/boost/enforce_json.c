// SPDX-License-Identifier: GPL-2.0-only
/*
 * A boost as a line of JSON. Runs in a writer's thread: allocating is fine.
 */
#include "../view/value.h"
#include "enforce_log.h"
#include "ledger_boost.h"

static const char *fate_name(uint8_t fate)
{
	static const char *const names[] = {
		[LEDGER_RESTORED] = "restored",
		[LEDGER_RESTORED_LATE] = "restored_late",
		[LEDGER_CHANGED] = "changed_by_others",
		[LEDGER_GONE] = "gone",
		[LEDGER_FAILED] = "failed",
	};

	return names[fate];
}

static struct json_object *new_thread(struct value_maker *json, const struct plan_occupant *thread)
{
	struct json_object *object = value_object(json);
	bool is_thread = thread->kind == PLAN_OCCUPANT_THREAD;

	value_string(json, object, "kind", is_thread ? "thread" :
		     thread->kind == PLAN_OCCUPANT_IDLE ? "idle" : "unknown");
	value_string(json, object, "name", is_thread ? thread->comm : "");
	value_signed(json, object, "id", is_thread ? thread->tid : -1);
	value_prio(json, object, is_thread ? thread->prio : PRIO_UNKNOWN);
	if (is_thread)
		value_bool(json, object, "kthread", thread->is_kthread);
	else
		value_null(json, object, "kthread");
	return object;
}

static void add_known(struct value_maker *json, struct json_object *object, const char *key, bool is_known,
		      uint64_t ns)
{
	if (is_known)
		value_number(json, object, key, ns);
	else
		value_null(json, object, key);
}

static void add_waiter(struct value_maker *json, struct json_object *line,
		       const struct enforce_boost_record *record, int64_t wall_offset_ns)
{
	value_number(json, line, "boost", record->serial);
	value_number(json, line, "wall_ns", record->boosted_at + (uint64_t)wall_offset_ns);
	value_number(json, line, "boosted_ns", record->boosted_at);
	value_signed(json, line, "tid", record->tid);
	value_string(json, line, "comm", record->comm);
	value_bool(json, line, "kthread", record->is_kthread);
	value_prio(json, line, record->prio);
	value_number(json, line, "cpu", record->cpu);
	value_number(json, line, "threshold_ns", record->threshold_ns);
	value_number(json, line, "began_ns", record->wait_began_at);
	value_number(json, line, "wait_ns", record->wait_ns);
	add_known(json, line, "late_ns", record->is_late_known, record->late_ns);
	value_string(json, line, "seen_by", record->seen_by == ENFORCE_SEEN_BY_TRACE ? "trace" : "proc");
	value_add(json, line, "culprit", new_thread(json, &record->culprit));
	if (record->has_causes)
		value_causes(json, line, "causes", record->causes);
	else
		value_null(json, line, "causes");
	if (*record->work)
		value_string(json, line, "work", record->work);
	else
		value_null(json, line, "work");
	value_number(json, line, "victims", record->nr_victims);
	if (record->waited_by.kind == PLAN_OCCUPANT_THREAD) {
		struct json_object *victim = new_thread(json, &record->waited_by);

		value_number(json, victim, "suspended_ns", record->waited_by_ns);
		value_add(json, line, "waited_by", victim);
	} else {
		value_null(json, line, "waited_by");
	}
}

static void add_notes(struct value_maker *json, struct json_object *line, uint8_t notes)
{
	value_bool(json, line, "second_policy", notes & PLAN_NOTE_SECOND_POLICY);
	value_bool(json, line, "in_care", notes & PLAN_NOTE_IN_CARE);
	value_bool(json, line, "lifted_admission", notes & PLAN_NOTE_LIFTS_ADMISSION);
	value_bool(json, line, "grant_cut", notes & PLAN_NOTE_GRANT_CUT);
}

static void add_boost(struct value_maker *json, struct json_object *line,
		      const struct enforce_boost_record *record)
{
	value_bool(json, line, "dry_run", record->is_dry_run);
	value_string(json, line, "policy", plan_policy_name(record->policy));
	if (record->policy == PLAN_FIFO)
		value_number(json, line, "rt_priority", record->rt_priority);
	else
		value_null(json, line, "rt_priority");
	add_known(json, line, "period_ns", record->policy == PLAN_DEADLINE, record->period_ns);
	add_notes(json, line, record->notes);
	value_number(json, line, "boosting_ns", record->boosting_ns);
	value_number(json, line, "grant_ns", record->grant_ns);
	add_known(json, line, "granted_ns", record->is_granted_known, record->granted_ns);
	add_known(json, line, "ran_after_ns", record->is_ran_known, record->ran_after_ns);
	add_known(json, line, "jitter_ns", record->is_jitter_known, record->jitter_ns);
	value_number(json, line, "excess_ns", record->excess_ns);
	value_number(json, line, "debt_ns", record->budget_debt_ns);
	value_number(json, line, "restored_ns", record->restored_at);
	value_string(json, line, "ended_because", plan_why_name(record->why));
	value_string(json, line, "fate", fate_name(record->fate));
}

void enforce_log_render_json(const struct enforce_boost_record *record, int64_t wall_offset_ns,
			     struct strbuf *out)
{
	struct value_maker json = { .text = STRBUF_INIT };
	struct json_object *line = value_object(&json);
	const char *text;

	value_string(&json, line, "schema", "rtla-stall/1");
	value_string(&json, line, "type", "boost");
	add_waiter(&json, line, record, wall_offset_ns);
	add_boost(&json, line, record);
	text = json.has_failed ? NULL : json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
									      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		strbuf_addf(out, "%s\n", text);
	json_object_put(line);
	strbuf_deinit(&json.text);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_words.h"

#include <stdio.h>

#include "ledger_boost.h"

struct format enforce_words_occupant(const struct plan_occupant *thread)
{
	struct format words;

	if (thread->kind == PLAN_OCCUPANT_IDLE)
		snprintf(words.text, sizeof(words.text), "an idle CPU");
	else if (thread->kind != PLAN_OCCUPANT_THREAD)
		snprintf(words.text, sizeof(words.text), "an unknown thread");
	else
		snprintf(words.text, sizeof(words.text), "%.96s, %.32s",
			 format_thread(thread->comm, thread->tid).text, format_prio(thread->prio).text);
	return words;
}

struct format enforce_words_seconds(uint64_t ns)
{
	struct format words;

	snprintf(words.text, sizeof(words.text), "%llu.%03llu", (unsigned long long)(ns / 1000000000u),
		 (unsigned long long)(ns / 1000000u % 1000));
	return words;
}

const char *enforce_words_policy(uint8_t policy)
{
	return policy == PLAN_DEADLINE ? "SCHED_DEADLINE" : "SCHED_FIFO";
}

/* "kworker/3:1-99 starved on CPU 3 for 0.100 seconds behind hog (164), rt 55" */
static struct format starved_words(const struct enforce_boost_record *record)
{
	struct format words;

	snprintf(words.text, sizeof(words.text), "%.40s-%d starved on CPU %u for %.40s seconds",
		 format_name(record->comm).text, record->tid, record->cpu,
		 enforce_words_seconds(record->wait_ns).text);
	return words;
}

void enforce_words_say_boost(struct enforce_log *log, const struct enforce_boost_record *record)
{
	bool is_first = !(record->notes & PLAN_NOTE_IN_CARE);
	struct format lent;

	snprintf(lent.text, sizeof(lent.text), "%s%s%s",
		 record->notes & PLAN_NOTE_SECOND_POLICY ? ", the other policy not having helped" : "",
		 record->notes & PLAN_NOTE_LIFTS_ADMISSION ?
			 "; sched_rt_runtime_us was -1 for that moment" :
			 "",
		 record->notes & PLAN_NOTE_CULPRIT_KTHREAD ? "; a kernel thread pays for it" : "");
	enforce_log_say(log, is_first ? ENFORCE_LOG_NOTICE : ENFORCE_LOG_DEBUG,
			"%s behind %s: %s pid %d (%s) (cpu %u) using %s%s%s%.60s",
			starved_words(record).text, enforce_words_occupant(&record->culprit).text,
			record->is_dry_run ? "would have boosted" : "boosted", record->tid,
			format_name(record->comm).text, record->cpu, enforce_words_policy(record->policy),
			lent.text, *record->work ? "; it is to run " : "", format_name(record->work).text);
	if (is_first && record->waited_by.kind == PLAN_OCCUPANT_THREAD)
		enforce_log_say(log, ENFORCE_LOG_NOTICE, "%s waits for %s, for %s seconds already",
				enforce_words_occupant(&record->waited_by).text,
				format_thread(record->comm, record->tid).text,
				enforce_words_seconds(record->waited_by_ns).text);
}

static struct format fate_words(const struct enforce_boost_record *record)
{
	struct format words;

	if (record->fate == LEDGER_GONE)
		snprintf(words.text, sizeof(words.text), "it has ended");
	else
		snprintf(words.text, sizeof(words.text), "%s, because %.60s",
			 record->fate == LEDGER_CHANGED ? "left as it is (somebody else has changed it)" :
			 record->fate == LEDGER_FAILED ? "not restored, which is tried again" : "restored",
			 plan_why_words(record->why));
	return words;
}

void enforce_words_say_end(struct enforce_log *log, const struct enforce_boost_record *record)
{
	bool is_first = !(record->notes & PLAN_NOTE_IN_CARE);
	struct format ran;

	if (record->is_dry_run)
		return;
	if (record->is_ran_known)
		snprintf(ran.text, sizeof(ran.text), ", from %.40s after the boost on",
			 format_duration(record->ran_after_ns).text);
	else
		ran.text[0] = '\0';
	if (record->why == PLAN_WHY_INEFFECTIVE)
		enforce_log_say(log, ENFORCE_LOG_WARNING, "the boost of pid %d (%s) by %s had no effect: "
				"it did not run in %s", record->tid, format_name(record->comm).text,
				enforce_words_policy(record->policy),
				format_duration(record->restored_at - record->boosted_at).text);
	else
		enforce_log_say(log, is_first ? ENFORCE_LOG_INFO : ENFORCE_LOG_DEBUG,
				"pid %d (%s) got %s%s; %s", record->tid, format_name(record->comm).text,
				record->is_granted_known ? format_duration(record->granted_ns).text :
							   "an unknown time",
				ran.text, fate_words(record).text);
	if (record->excess_ns)
		enforce_log_say(log, record->excess_ns > record->grant_ns / 2 ? ENFORCE_LOG_INFO :
				ENFORCE_LOG_DEBUG, "that was %s more than its grant: CPU %u pays it "
				"back first", format_duration(record->excess_ns).text, record->cpu);
}

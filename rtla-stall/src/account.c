// SPDX-License-Identifier: GPL-2.0-only
#include "account.h"

#include <errno.h>

#include "source/source.h"
#include "stats/longest.h"
#include "util/error.h"

/* Room for stalls; what does not fit is counted and said. */
#define BYTES_OF_STALLS (8u << 20)
#define BYTES_OF_SEGMENTS (8u << 20)

static bool may_be_selected(const struct account *account, uint32_t index)
{
	struct engine_task task;

	engine_task(account->engine, index, &task);
	return !selection_is_out_for_good(account->setting.selection, &task);
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct account *account = arg;

	if (account->is_paused || !selection_wait(account->setting.selection, episode))
		return;
	if (tally_add(&account->tally, episode))
		account->has_failed = true;
	if (episode->ended_at - episode->began_at >= account->setting.stall_ns &&
	    may_be_selected(account, episode->task) && longest_add(account->longest, episode))
		account->has_failed = true;
	if (account->setting.on_episode)
		account->setting.on_episode(episode, account->setting.arg);
}

static void on_timerlat(const struct timerlat_activation *activation, void *arg)
{
	struct account *account = arg;

	if (account->is_paused)
		return;
	if (timers_add(&account->timers, activation))
		account->has_failed = true;
	if (account->setting.on_timerlat)
		account->setting.on_timerlat(activation, account->setting.arg);
}

static int say_no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

int account_init(struct account *account, const struct account_setting *setting, struct error *err)
{
	struct engine_config config = {
		.names = setting->names,
		.facts = setting->facts,
		.segments_from_ns = setting->segments_from_ns,
		.on_episode = on_episode,
		.on_timerlat = on_timerlat,
		.arg = account,
	};

	*account = (struct account){ .setting = *setting };
	tally_init(&account->tally, setting->stall_ns);
	account->longest = longest_create(BYTES_OF_STALLS, BYTES_OF_SEGMENTS);
	if (!account->longest || engine_create(&config, &account->engine))
		return say_no_memory(err);
	return 0;
}

void account_deinit(struct account *account)
{
	timers_deinit(&account->timers);
	longest_destroy(account->longest);
	tally_deinit(&account->tally);
	engine_destroy(account->engine);
}

int account_feed(struct account *account, const struct event *event, struct error *err)
{
	return engine_feed(account->engine, event) || account->has_failed ? say_no_memory(err) : 0;
}

int account_finish(struct account *account, uint64_t last_at, struct error *err)
{
	return engine_finish(account->engine) ||
	       engine_for_each_open(account->engine, last_at, on_episode, account) ||
	       account->has_failed ? say_no_memory(err) : 0;
}

struct choice {
	const struct account *account;
	uint64_t first_at;
};

bool account_selects(const struct account *account, const struct engine_task *task, bool has_waits,
		     uint64_t first_at)
{
	if (task->nr_gone)	/* it was asked when they ended */
		return !task->is_dropped;
	return task->tid && task->is_met &&
	       selection_thread(account->setting.selection, task, has_waits, first_at);
}

static bool is_selected(const struct engine_task *task, bool has_waits, const void *arg)
{
	const struct choice *choice = arg;

	return account_selects(choice->account, task, has_waits, choice->first_at);
}

int account_sum_up(const struct account *account, uint64_t first_at, struct summary *ret,
		   struct error *err)
{
	const struct choice choice = { account, first_at };
	const struct summary_selection selection = { .is_selected = is_selected, .arg = &choice };

	return summary_init(ret, account->engine, &account->tally, account->longest, &selection) ?
		       say_no_memory(err) : 0;
}

void account_fill_document(const struct account *account, const struct source_info *info,
			   struct document *doc)
{
	const struct selection *selection = account->setting.selection;

	doc->version = RTLA_STALL_VERSION;
	doc->source = info;
	doc->is_preempt_rt = engine_is_preempt_rt(account->engine);
	doc->timers = &account->timers;
	doc->names = account->setting.names;
	doc->stall_ns = account->setting.stall_ns;
	doc->has_all_threads = selection->wants_all;
	doc->has_tasks = selection->nr_tasks;
	doc->is_narrowed = selection->nr_tasks || selection->has_cpus || selection->has_from ||
			   selection->has_to;
	document_find_missing(doc, engine_seen(account->engine));
	for (int i = 0; i < ANOMALY_NR; i++)
		document_add_anomaly(doc, anomaly_name(i), engine_anomaly(account->engine, i));
	for (int i = 0; i < SOURCE_ODD_NR; i++)
		document_add_anomaly(doc, source_odd_name(i), info->odd[i]);
}

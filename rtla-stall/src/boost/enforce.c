// SPDX-License-Identifier: GPL-2.0-only
#include "enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../util/array.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/guard.h"
#include "../view/format.h"
#include "enforce_boost.h"
#include "enforce_place.h"
#include "enforce_run.h"
#include "enforce_self.h"
#include "restorer.h"

#define SOON_NS 50000u		/* what is due already still lets others run */
#define UNDO_QUIET_MS 5000
#define HELD_UP_NS 50000000u
#define FILES_LEAST 64u
#define FILES_PER_SLOT 3u	/* a thread: itself, its state, what it used */
#define FILES_PER_CPU 4u
#define RESTORER_AGAIN_NS UINT64_C(1000000000)

struct run {
	const struct enforce_params *params;
	const struct enforce_setting *setting;
	struct enforce_log *log;
	struct guard *guard;
	struct enforce_watch *watch;
	struct sched_sys *sys;
	struct sched_sys_facts facts;
	struct plan_config config;
	struct plan *plan;
	struct ledger *ledger;		/* NULL: dry run, as the next one */
	struct restorer *restorer;
	struct enforce_cases *cases;
	struct enforce_boosts *boosts;
	struct enforce_place *place;
	uint64_t now;			/* of the round */
	int json_fd;			/* ours to close; -1 */
	bool has_pidfile;
	uint64_t restorer_lost_at;	/* none could be started then; 0: it is there */
	bool has_held_signals;
	sigset_t signals;		/* as they were */
};

/* ---- the loop --------------------------------------------------------------------------------- */

static void on_episode(const struct episode *episode, void *arg)
{
	const struct run *run = arg;

	if (run->boosts)
		enforce_boosts_on_episode(run->boosts, episode);
}

static void replace_restorer(struct run *run, uint64_t now)
{
	struct error failure = { 0 };
	int result = restorer_ensure(run->restorer, &failure);

	if (result > 0)
		enforce_cases_add_own(run->cases, restorer_pid(run->restorer));
	if (result > 0 || (result < 0 && !run->restorer_lost_at))
		enforce_log_say(run->log, ENFORCE_LOG_WARNING,
				"the process that restores boosts if this one dies had ended; %s",
				result > 0 ? "there is another" : failure.text);
	run->restorer_lost_at = result < 0 ? now : 0;
}

/*
 * Until it is due, or something comes. Return: whether that has to do with the trace.
 *
 * No timerfd: with PREEMPT_RT it fires in ktimers/N of this CPU, which may be what starves. The timeout of a
 * real-time thread's own system call fires in the interrupt.
 */
static bool await(struct run *run, uint64_t due_at)
{
	struct pollfd waits[] = {
		{ .fd = enforce_watch_fd(run->watch), .events = POLLIN },
		{ .fd = run->restorer ? restorer_fd(run->restorer) : -1, .events = POLLIN },
	};
	uint64_t now = clock_mono_ns();
	uint64_t ns = due_at > now + SOON_NS ? due_at - now : SOON_NS;
	const struct timespec timeout = {
		.tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u),
	};
	bool has_come = false;

	if (run->restorer_lost_at)
		waits[1].fd = -1;
	if (ppoll(waits, 2, &timeout, &run->signals) > 0)
		has_come = waits[0].revents;
	if (waits[1].revents || (run->restorer_lost_at && now >= run->restorer_lost_at + RESTORER_AGAIN_NS))
		replace_restorer(run, now);
	return has_come;
}

/* A CPU on which one starves may soon not let us run either. */
static void avoid(struct enforce_case *item, void *arg)
{
	struct run *run = arg;

	if (item->is_waiting && item->is_wanted)
		enforce_place_avoid(run->place, item->cpu, run->now);
}

static void settle(struct run *run, uint64_t now)
{
	run->now = now;
	enforce_cases_for_each(run->cases, avoid, run);
	enforce_place_settle(run->place, run->restorer ? restorer_pid(run->restorer) : 0, now);
}

static void print_state(const struct run *run, uint64_t now)
{
	enforce_log_say(run->log, ENFORCE_LOG_NOTICE,
			"state: threshold %s, budget %s in %s, grant %s in %s, policy %s",
			format_limit(run->params->smallest_ns).text,
			format_limit(run->params->budget_ns).text,
			format_limit(run->params->budget_per_ns).text,
			format_limit(run->config.runtime_ns).text, format_limit(run->config.period_ns).text,
			plan_policy_name(run->config.policy));
	enforce_watch_print(run->watch, run->log);
	enforce_boosts_print(run->boosts, now);
}

/* It should never be: somebody holds what /proc needs, or this machine has no CPU for us. */
static void say_held_up(const struct run *run, const char *where, uint64_t began_at)
{
	uint64_t ns = clock_mono_ns() - began_at;

	if (ns >= HELD_UP_NS)
		enforce_log_say(run->log, ENFORCE_LOG_WARNING, "it was held up for %s while %s",
				format_duration(ns).text, where);
}

static int loop(struct run *run, struct error *err)
{
	volatile sig_atomic_t *wants_state = run->setting->wants_state;
	bool has_come = true;

	while (!*run->setting->is_interrupted) {
		uint64_t now = clock_mono_ns();
		uint64_t due_at = enforce_watch_due_at(run->watch);
		uint64_t boost_at = enforce_boosts_due_at(run->boosts);

		if (has_come || now >= due_at ||
		    (now >= boost_at && enforce_watch_has_news(run->watch, now))) {
			int result = enforce_watch_turn(run->watch, err);

			if (result)
				return result;
			say_held_up(run, "it looked who waits", now);
			now = clock_mono_ns();
		}
		enforce_boosts_round(run->boosts, now);
		settle(run, now);
		say_held_up(run, "it boosted and restored", now);
		if (wants_state && *wants_state) {
			*wants_state = 0;
			print_state(run, now);
		}
		due_at = enforce_watch_due_at(run->watch);
		boost_at = enforce_boosts_due_at(run->boosts);
		has_come = await(run, boost_at < due_at ? boost_at : due_at);
	}
	return 0;
}

/* ---- before ----------------------------------------------------------------------------------- */

/* What ends early: rights that are missing, others who do the same. */
static int check(struct run *run, struct error *err)
{
	const struct enforce_params *params = run->params;
	int result = 0;

	if (!params->is_dry_run)
		result = sched_sys_check(err);
	if (!result && !params->is_forced && !params->is_dry_run)
		result = enforce_self_check(err);
	if (!result)
		result = enforce_self_move(params, run->setting->say, err);
	if (!result && params->pidfile) {
		result = enforce_self_write_pidfile(params->pidfile, err);
		run->has_pidfile = !result;
	}
	return result;
}

/* Of the threads that were prepared, of the trace of each CPU, of what is ready at any time. */
static void reserve_files(const struct run *run)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);

	enforce_self_reserve_files(FILES_LEAST + FILES_PER_SLOT * LEDGER_SLOTS +
					   FILES_PER_CPU * (nr_cpus > 0 ? (uint32_t)nr_cpus : 1),
				   run->setting->say);
}

static int open_json(struct run *run, int *fd, struct error *err)
{
	const struct params_output *output = &run->params->json_lines;

	*fd = -1;
	if (!output->is_wanted)
		return 0;
	if (!output->path) {
		*fd = fileno(run->setting->out);
		return 0;
	}
	run->json_fd = open(output->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	*fd = run->json_fd;
	return *fd < 0 ? error_set(err, -errno, "%s: %s", output->path, strerror(errno)) : 0;
}

static int open_watch(struct run *run, struct error *err)
{
	struct error failure = { 0 };
	int json_fd;
	int result = open_json(run, &json_fd, err);

	if (!result)
		result = enforce_log_create(run->params, json_fd, &run->log, err);
	if (result)
		return result;
	if (guard_create(run->setting->undo_dir, &run->guard, &failure)) {
		run->guard = NULL;
		enforce_log_say(run->log, ENFORCE_LOG_WARNING,
				"there will be no trace: %s; waits are looked for in /proc", failure.text);
	}
	return enforce_watch_create(run->params, run->log, run->guard, run->setting->undo_dir, on_episode,
				    run, &run->watch, err);
}

static void say_leftover(const struct run *run, const struct ledger_leftover *leftover)
{
	if (!leftover->pid)
		return;
	enforce_log_say(run->log, ENFORCE_LOG_WARNING,
			"process %d was killed and left boosts behind: %u restored, %u "
			"changed by others since, %u ended, %u not restored%s",
			leftover->pid, leftover->nr_restored, leftover->nr_changed, leftover->nr_gone,
			leftover->nr_failed,
			leftover->was_admission_restored ? "; sched_rt_runtime_us is as it was" : "");
}

/* After the set-up of tracing was started: its process, which may hang, must not hold the ledger. */
static int open_ledger(struct run *run, struct error *err)
{
	struct ledger_leftover leftover = { 0 };
	int result = sched_sys_open(&run->sys, err);

	if (result)
		return result;
	sched_sys_find_facts(run->sys, &run->facts);
	run->config = enforce_plan_config(run->params, &run->facts);
	if (run->params->is_dry_run)
		return 0;
	result = ledger_create(run->setting->undo_dir, run->sys, &run->ledger, &leftover, err);
	if (!result)
		say_leftover(run, &leftover);
	return result;
}

/* The restorer inherits our priority; it could not be made by a thread of SCHED_DEADLINE. */
static int take_priority(struct run *run, struct error *err)
{
	const struct enforce_own_sched high = {
		.policy = ENFORCE_OWN_FIFO, .rt_priority = SCHED_SYS_OWN_PRIORITY,
	};
	const struct enforce_own_sched *own = &run->params->own;
	int result = 0;

	enforce_self_lock(run->setting->say);
	result = enforce_self_schedule(own->policy == ENFORCE_OWN_DEADLINE ? &high : own, run->setting->say,
				       err);
	if (!result && run->ledger)
		result = restorer_create(run->ledger, &run->restorer, err);
	if (!result && own->policy == ENFORCE_OWN_DEADLINE)
		result = enforce_self_schedule(own, run->setting->say, err);
	return result;
}

static int make_tables(struct run *run, struct error *err)
{
	const struct enforce_cases_setting cases = {
		.params = run->params,
		.watch = run->watch,
		.sys = run->sys,
		.ledger = run->ledger,
		.fair_server_ns = run->facts.fair_server_ns,
	};
	struct enforce_boosts_setting boosts = {
		.params = run->params,
		.log = run->log,
		.watch = run->watch,
		.ledger = run->ledger,
		.restorer = run->restorer,
		.nr_cpus = run->config.nr_cpus,
	};
	int result = plan_create(&run->config, clock_mono_ns(), &run->plan, err);

	if (!result)
		result = enforce_place_create(&run->place, err);
	if (!result)
		result = enforce_cases_create(&cases, &run->cases, err);
	boosts.plan = run->plan;
	boosts.cases = run->cases;
	if (!result)
		result = enforce_boosts_create(&boosts, &run->boosts, err);
	if (result)
		return result;
	enforce_cases_add_own(run->cases, getpid());
	enforce_cases_add_own(run->cases, enforce_watch_setup_pid(run->watch));
	enforce_cases_add_own(run->cases, run->guard ? guard_pid(run->guard) : 0);
	enforce_cases_add_own(run->cases, run->restorer ? restorer_pid(run->restorer) : 0);
	return 0;
}

static int open_all(struct run *run, struct error *err)
{
	int result = check(run, err);

	reserve_files(run);
	if (!result)
		result = open_watch(run, err);
	if (!result)
		result = open_ledger(run, err);
	if (!result)
		result = take_priority(run, err);
	if (!result)
		result = make_tables(run, err);
	if (!result)
		enforce_self_own_pages();
	return result;
}

/* ---- afterwards ------------------------------------------------------------------------------- */

static int give_back_boosts(struct run *run, int result, struct error *err)
{
	struct error failure = { 0 };

	if (run->boosts)
		enforce_boosts_stop(run->boosts, clock_mono_ns());
	if (run->ledger && ledger_restore_all(run->ledger, &failure)) {
		run->setting->say(failure.text);
		if (!result) {
			*err = failure;
			result = failure.code;
		}
	}
	return result;
}

static void give_tracing_back(struct run *run)
{
	struct error failure = { 0 };

	if (!enforce_watch_destroy(run->watch))
		run->setting->say(
			"the process that sets tracing up hangs in the kernel; when it returns, the guard "
			"gives back what it changed");
	else if (run->guard && guard_undo(run->guard, UNDO_QUIET_MS, &failure))
		run->setting->say(failure.text);
	guard_destroy(run->guard);
}

/* At our own priority to the end: at another one we starve, behind those whom nobody keeps in check now. */
static int close_all(struct run *run, int result, struct error *err)
{
	result = give_back_boosts(run, result, err);
	if (run->boosts)
		enforce_boosts_print_totals(run->boosts);
	enforce_boosts_destroy(run->boosts);
	enforce_cases_destroy(run->cases);
	plan_destroy(run->plan);
	enforce_place_destroy(run->place);
	ledger_destroy(run->ledger);
	restorer_destroy(run->restorer);
	sched_sys_close(run->sys);
	give_tracing_back(run);
	enforce_log_destroy(run->log);
	if (run->json_fd >= 0)
		close(run->json_fd);
	if (run->has_pidfile)
		unlink(run->params->pidfile);
	return result;
}

static void say_begin(const struct run *run)
{
	enforce_log_say(run->log, ENFORCE_LOG_NOTICE,
			"%s %s threads that wait for %s: policy %s, up to %s in %s, within "
			"%s in %s on each CPU",
			run->ledger ? "boosting" : "dry run: would boost",
			run->params->wants_user_threads ? "all" : "kernel",
			format_limit(run->params->smallest_ns).text, plan_policy_name(run->config.policy),
			format_limit(run->config.runtime_ns).text, format_limit(run->config.period_ns).text,
			format_limit(run->params->budget_ns).text,
			format_limit(run->params->budget_per_ns).text);
}

static void find_signals(sigset_t *signals)
{
	const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

	sigemptyset(signals);
	for (size_t i = 0; i < NR_ELEMENTS(caught); i++)
		sigaddset(signals, caught[i]);
}

/*
 * They come in where they are waited for, and nowhere else, until all is given back, which takes seconds at
 * the most: some send them twice (timeout(1), a closing terminal), and the second one would kill.
 */
static void hold_signals(struct run *run)
{
	sigset_t signals;

	find_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, &run->signals);
	run->has_held_signals = true;
}

/* Those that came too late have been obeyed. */
static void release_signals(const struct run *run)
{
	const struct timespec none = { 0 };
	sigset_t signals;

	if (!run->has_held_signals)
		return;
	find_signals(&signals);
	while (sigtimedwait(&signals, NULL, &none) > 0)
		;
	pthread_sigmask(SIG_SETMASK, &run->signals, NULL);
}

static int run_live(struct run *run, struct error *err)
{
	int result = open_all(run, err);

	if (result)
		return result;
	say_begin(run);
	if (run->params->has_systemd)
		enforce_self_notify("READY=1");
	hold_signals(run);
	result = loop(run, err);
	if (run->params->has_systemd)
		enforce_self_notify("STOPPING=1");
	return result;
}

int enforce_run(const struct enforce_params *params, const struct enforce_setting *setting,
		struct error *err)
{
	struct run run = { .params = params, .setting = setting, .json_fd = -1 };
	int result;

	if (params->simulate)
		return enforce_simulate(params, setting, err);
	result = run_live(&run, err);
	result = close_all(&run, result, err);
	release_signals(&run);
	return result;
}

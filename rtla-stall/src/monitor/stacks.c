// SPDX-License-Identifier: GPL-2.0-only
#include "stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../util/cleanup.h"
#include "../util/clock.h"
#include "../util/error.h"
#include "../util/parse.h"
#include "stacks_read.h"

#define MAX_THREADS 16u
#define END_MS 500
#define STACK_BYTES (256u << 10)
#define NO_CPU UINT32_MAX

struct stacks_cpu {
	struct sampler sampler;
	bool is_watched;	/* opened beforehand; the others when they are asked for */
	bool is_busy;		/* a thread has the sampler; at first that which sets up */
};

/* Shared by the caller and by threads that may outlive the caller's interest. */
struct stacks {
	pthread_mutex_t lock;	/* for all below but what a thread was given */
	pthread_cond_t changed;
	uint32_t nr_threads;
	uint32_t nr_owners;	/* the caller and the threads: the last one frees */
	bool is_set_up;
	struct symbols *symbols; /* once there it stays as it is; NULL: see symbols_error */
	struct error symbols_error;
	struct stacks_cpu *cpus;
	uint32_t nr_cpus;
};

enum question_step {
	QUESTION_PUT,		/* its thread has not run yet */
	QUESTION_BEGUN,
	QUESTION_ANSWERED,	/* frames are there; a few words may be added */
	QUESTION_DONE
};

/* What one thread is to find out. Freed by whoever comes last: it, or the caller. */
struct question {
	struct stacks *stacks;
	void (*answer)(struct question *question);
	uint32_t cpu;		/* the thread is not to run there; NO_CPU */
	int timeout_ms;
	enum question_step step;
	bool is_abandoned;
	struct stacks_frames frames;
	bool has_suspended;	/* read once it is DONE */
	struct stacks_suspended suspended;
};

const char *stacks_kind_name(enum stacks_kind kind)
{
	static const char *const names[] = {
		[STACKS_WAITER] = "waiter",
		[STACKS_OCCUPANT] = "occupant",
		[STACKS_SUSPENDED] = "suspended",
	};

	return names[kind];
}

/*
 * ---- threads ----------------------------------------------------------------------------------
 */

static void free_stacks(struct stacks *stacks)
{
	for (uint32_t i = 0; i < stacks->nr_cpus; i++)
		sampler_close(&stacks->cpus[i].sampler);
	symbols_destroy(stacks->symbols);
	pthread_cond_destroy(&stacks->changed);
	pthread_mutex_destroy(&stacks->lock);
	free(stacks->cpus);
	free(stacks);
}

/* Lets go of the lock too. */
static void leave(struct stacks *stacks)
{
	bool is_last = !--stacks->nr_owners;

	pthread_mutex_unlock(&stacks->lock);
	if (is_last)
		free_stacks(stacks);
}

static void *run(void *arg)
{
	struct question *question = arg;
	struct stacks *stacks = question->stacks;

	pthread_mutex_lock(&stacks->lock);
	question->step = QUESTION_BEGUN;
	pthread_mutex_unlock(&stacks->lock);
	question->answer(question);
	pthread_mutex_lock(&stacks->lock);
	question->step = QUESTION_DONE;
	stacks->nr_threads--;
	pthread_cond_broadcast(&stacks->changed);
	if (question->is_abandoned)
		free(question);
	leave(stacks);
	return NULL;
}

/* Away from a CPU: it may be starved, or the thread may spin until it answers. */
static void keep_off(pthread_attr_t *attr, uint32_t cpu)
{
	size_t size = CPU_ALLOC_SIZE(ENGINE_MAX_CPUS);
	cpu_set_t *set = CPU_ALLOC(ENGINE_MAX_CPUS);

	if (set && !sched_getaffinity(0, size, set)) {
		CPU_CLR_S(cpu, size, set);
		if (CPU_COUNT_S(size, set))
			pthread_attr_setaffinity_np(attr, size, set);
	}
	CPU_FREE(set);
}

/* Signals are the main thread's. */
static int start_thread(struct question *question)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	int code = pthread_attr_init(&attr);

	if (code)
		return code;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (question->cpu != NO_CPU)
		keep_off(&attr, question->cpu);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&thread, &attr, run, question);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return code;
}

/* Called with the lock held. Return: NULL when there can be no thread, with words in @frames */
static struct question *ask(struct stacks *stacks, void (*answer)(struct question *question), uint32_t cpu,
			    int timeout_ms, struct stacks_frames *frames)
{
	struct question *question;
	int code = 0;

	if (stacks->nr_threads >= MAX_THREADS) {
		snprintf(frames->why, sizeof(frames->why), "%u earlier questions have not come back",
			 MAX_THREADS);
		return NULL;
	}
	question = calloc(1, sizeof(*question));
	if (question) {
		*question = (struct question){ .stacks = stacks, .answer = answer, .cpu = cpu,
					       .timeout_ms = timeout_ms, .frames = *frames };
		stacks->nr_threads++;
		stacks->nr_owners++;
		code = start_thread(question);
	}
	if (!question || code) {
		snprintf(frames->why, sizeof(frames->why), "no thread to ask with: %s",
			 strerror(question ? code : ENOMEM));
		stacks->nr_threads -= question != NULL;
		stacks->nr_owners -= question != NULL;
		free(question);
		return NULL;
	}
	return question;
}

/* Called with the lock held. */
static void await(struct stacks *stacks, const struct question *question, const struct timespec *until)
{
	int code = 0;

	while (question->step != QUESTION_DONE && code != ETIMEDOUT)
		code = pthread_cond_timedwait(&stacks->changed, &stacks->lock, until);
}

/* Called with the lock held: the answer as far as it is there. @late: words when it is not */
static void take_answer(struct question *question, struct stacks_frames *ret, const char *late)
{
	if (question->step >= QUESTION_ANSWERED)
		*ret = question->frames;
	else if (question->step == QUESTION_PUT)
		snprintf(ret->why, sizeof(ret->why), "the thread that was to look did not get to run in "
			 "%d ms", question->timeout_ms);
	else
		snprintf(ret->why, sizeof(ret->why), "%s", late);
	if (question->step == QUESTION_DONE)
		free(question);
	else
		question->is_abandoned = true;
}

static void publish(struct question *question, const struct stacks_frames *frames)
{
	pthread_mutex_lock(&question->stacks->lock);
	question->frames = *frames;
	question->step = QUESTION_ANSWERED;
	pthread_mutex_unlock(&question->stacks->lock);
}

/*
 * ---- setting up -------------------------------------------------------------------------------
 */

static void set_up(struct question *question)
{
	struct stacks *stacks = question->stacks;
	struct symbols *symbols = NULL;
	struct error err = { 0 };
	int result = 0;

	for (uint32_t i = 0; i < stacks->nr_cpus; i++) {
		/* Why one cannot be had is found out again when it is asked for. */
		if (stacks->cpus[i].is_watched && (!result || result == -ENODEV))
			result = sampler_open(&stacks->cpus[i].sampler, NULL);
		pthread_mutex_lock(&stacks->lock);
		stacks->cpus[i].is_busy = false;
		pthread_cond_broadcast(&stacks->changed);
		pthread_mutex_unlock(&stacks->lock);
	}
	result = symbols_create(SYMBOLS_FILE, &symbols, &err);
	pthread_mutex_lock(&stacks->lock);
	stacks->symbols = result ? NULL : symbols;
	stacks->symbols_error = err;
	stacks->is_set_up = true;
	pthread_cond_broadcast(&stacks->changed);
	pthread_mutex_unlock(&stacks->lock);
}

static int add_cpus(struct stacks *stacks, const struct cpu_list *cpus)
{
	long nr_configured = sysconf(_SC_NPROCESSORS_CONF);

	stacks->nr_cpus = nr_configured > 0 ? (uint32_t)nr_configured : 1;
	stacks->cpus = calloc(stacks->nr_cpus, sizeof(*stacks->cpus));
	if (!stacks->cpus)
		return -ENOMEM;
	for (uint32_t i = 0; i < stacks->nr_cpus; i++) {
		sampler_init(&stacks->cpus[i].sampler, i);
		stacks->cpus[i].is_watched = !cpus || (i < ENGINE_MAX_CPUS && parse_cpus_has(cpus, i));
		stacks->cpus[i].is_busy = true;
	}
	return 0;
}

int stacks_create(const struct cpu_list *cpus, struct stacks **ret, struct error *err)
{
	struct stacks *stacks = calloc(1, sizeof(*stacks));
	struct stacks_frames unused = { .why = "" };
	struct question *question;
	pthread_condattr_t attr;

	if (!stacks || add_cpus(stacks, cpus)) {
		free(stacks);
		return error_set(err, -ENOMEM, "out of memory");
	}
	pthread_mutex_init(&stacks->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&stacks->changed, &attr);
	pthread_condattr_destroy(&attr);
	stacks->nr_owners = 1;
	pthread_mutex_lock(&stacks->lock);
	question = ask(stacks, set_up, NO_CPU, 0, &unused);
	if (!question) {
		leave(stacks);
		return error_set(err, -EAGAIN, "stacks: %s", unused.why);
	}
	question->is_abandoned = true;
	pthread_mutex_unlock(&stacks->lock);
	*ret = stacks;
	return 0;
}

void stacks_destroy(struct stacks *stacks)
{
	struct timespec until = clock_mono_after_ms(END_MS);
	bool is_over = false;

	if (!stacks)
		return;
	pthread_mutex_lock(&stacks->lock);
	while (stacks->nr_threads && !is_over)
		is_over = pthread_cond_timedwait(&stacks->changed, &stacks->lock, &until) == ETIMEDOUT;
	leave(stacks);
}

/*
 * ---- questions --------------------------------------------------------------------------------
 */

static void look_at_sleeper(struct question *question)
{
	struct stacks_frames frames = question->frames;

	stacks_read_sleeper(&frames);
	publish(question, &frames);
}

void stacks_of_sleeper(struct stacks *stacks, enum stacks_kind kind, int32_t tid, uint32_t cpu,
		       int timeout_ms, struct stacks_frames *ret)
{
	struct timespec until = clock_mono_after_ms(timeout_ms);
	struct question *question;
	char late[128];

	*ret = (struct stacks_frames){ .kind = kind, .tid = tid, .cpu = cpu };
	snprintf(late, sizeof(late), "/proc/%" PRId32 "/stack did not come back within %d ms: a lock is held",
		 tid, timeout_ms);
	pthread_mutex_lock(&stacks->lock);
	question = ask(stacks, look_at_sleeper, cpu, timeout_ms, ret);
	if (question) {
		await(stacks, question, &until);
		take_answer(question, ret, late);
	}
	pthread_mutex_unlock(&stacks->lock);
}

static bool is_off(uint32_t cpu)
{
	__cleanup_fclose FILE *file = fopen("/sys/devices/system/cpu/online", "re");
	struct cpu_list online;
	char line[4096];

	if (!file || !fgets(line, sizeof(line), file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return !parse_cpus(line, &online) && !parse_cpus_has(&online, cpu);
}

static void look_who_is_suspended(struct question *question)
{
	question->has_suspended = stacks_read_suspended(&question->suspended);
}

bool stacks_find_suspended(struct stacks *stacks, int timeout_ms, struct stacks_suspended *ret)
{
	struct stacks_frames unused = { .why = "" };
	struct timespec until = clock_mono_after_ms(timeout_ms);
	struct question *question;
	bool is_found = false;

	pthread_mutex_lock(&stacks->lock);
	question = ask(stacks, look_who_is_suspended, NO_CPU, timeout_ms, &unused);
	if (question) {
		await(stacks, question, &until);
		is_found = question->step == QUESTION_DONE && question->has_suspended;
		if (is_found)
			*ret = question->suspended;
		if (question->step == QUESTION_DONE)
			free(question);
		else
			question->is_abandoned = true;
	}
	pthread_mutex_unlock(&stacks->lock);
	return is_found;
}

/* An event outlives its CPU's being off only by name: so a second try is with a new one. */
static int sample_cpu(struct sampler *sampler, int timeout_ms, struct sample *sample, struct error *err)
{
	uint64_t try_ns = (uint64_t)timeout_ms * 1000000 / 3;
	int result;

	if (is_off(sampler->cpu))
		return error_set(err, -ENODEV, "the CPU is off");
	if (sampler_is_open(sampler)) {
		result = sampler_take(sampler, try_ns, sample, err);
		if (result != -ETIME)
			return result;
		sampler_close(sampler);
	}
	result = sampler_open(sampler, err);
	if (!result)
		result = sampler_take(sampler, try_ns, sample, err);
	return result;
}

static void look_at_cpu(struct question *question)
{
	struct stacks *stacks = question->stacks;
	struct stacks_cpu *entry = &stacks->cpus[question->cpu];
	struct stacks_frames frames = question->frames;
	const struct symbols *symbols;
	struct error symbols_error;
	struct sample sample = { .at = 0 };
	struct error err = { 0 };
	int result;

	result = sample_cpu(&entry->sampler, question->timeout_ms, &sample, &err);
	pthread_mutex_lock(&stacks->lock);
	entry->is_busy = false;
	symbols = stacks->symbols;
	symbols_error = stacks->symbols_error;
	if (!symbols && !stacks->is_set_up)
		error_set(&symbols_error, -EAGAIN, "the kernel's symbols are still being read");
	pthread_mutex_unlock(&stacks->lock);
	if (result) {
		snprintf(frames.why, sizeof(frames.why), "%.120s%s", err.text, result == -ETIME ?
			 "; a CPU that sleeps gives none" : "");
		publish(question, &frames);
		return;
	}
	stacks_read_sample(&sample, symbols, &frames);
	stacks_read_comm(frames.tid, frames.comm);
	if (!symbols && frames.nr_frames && sample.mode == SAMPLE_KERNEL)
		snprintf(frames.why, sizeof(frames.why), "no names: %.140s", symbols_error.text);
	publish(question, &frames);
	if (frames.is_user) {
		stacks_read_place(sample.tgid, sample.address, frames.frames[0]);
		publish(question, &frames);
	}
}

void stacks_of_occupant(struct stacks *stacks, uint32_t cpu, int timeout_ms, struct stacks_frames *ret)
{
	struct timespec until = clock_mono_after_ms(timeout_ms);
	struct question *question;
	struct stacks_cpu *entry;
	bool is_over = false;
	char late[128];

	*ret = (struct stacks_frames){ .kind = STACKS_OCCUPANT, .tid = -1, .cpu = cpu };
	snprintf(late, sizeof(late), "the CPU did not answer an interrupt within %d ms: it has "
		 "interrupts off", timeout_ms);
	pthread_mutex_lock(&stacks->lock);
	entry = cpu < stacks->nr_cpus ? &stacks->cpus[cpu] : NULL;
	while (entry && entry->is_busy && !stacks->is_set_up && !is_over)
		is_over = pthread_cond_timedwait(&stacks->changed, &stacks->lock, &until) == ETIMEDOUT;
	if (!entry) {
		snprintf(ret->why, sizeof(ret->why), "there is no CPU %" PRIu32, cpu);
	} else if (entry->is_busy) {
		snprintf(ret->why, sizeof(ret->why), "%s", stacks->is_set_up ?
			 "an interrupt sent to the CPU before has not been answered yet" :
			 "perf events are still being opened");
	} else {
		entry->is_busy = true;
		question = ask(stacks, look_at_cpu, cpu, timeout_ms, ret);
		if (question) {
			await(stacks, question, &until);
			take_answer(question, ret, late);
		} else {
			entry->is_busy = false;
		}
	}
	pthread_mutex_unlock(&stacks->lock);
}

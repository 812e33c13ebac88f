/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_SOURCE_LIVE_SETUP_H
#define RTLA_STALL_SOURCE_LIVE_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "../util/parse.h"
#include "dat_file.h"

/*
 * Sets tracing up, in a process of its own that is allowed to hang.
 *
 * Switching events on, sizing a buffer, choosing a tracer, and even opening a file of tracefs wait for
 * every CPU's kernel threads, or for somebody who does: in the middle of a stall they hang until its end.
 * So a helper does all of it, and hands over open files and what they mean, and the caller goes on:
 *
 *     live_setup_start(&config, guard, &setup, err)
 *     poll live_setup_fd(setup), for as long as the caller likes
 *     live_setup_take(setup, &instance, err)     1: there it is, and it is recording
 *     live_setup_stop(setup, 1000)               always; also in the middle of it
 *
 * What is changed is noted with the guard first. Once it is done, neither reading nor saving opens or
 * writes anything in tracefs.
 */

struct error;
struct guard;
struct live_setup;

enum live_tracer {
	LIVE_TRACER_AUTO,	/* none where interrupts have events of their own, else osnoise */
	LIVE_TRACER_OSNOISE,	/* without its workload: every interrupt, as it measures them */
	LIVE_TRACER_TIMERLAT,	/* with its threads */
	LIVE_TRACER_NONE
};

/* An event the user wants recorded as well, as "SYSTEM" or "SYSTEM:EVENT". */
struct live_extra {
	const char *name;
	const char *filter;		/* of one event; NULL none */
	const char *trigger;		/* likewise */
};

struct live_config {
	enum live_tracer tracer;
	const struct cpu_list *cpus;	/* to watch; NULL all. Borrowed, as all below, until the setup is
					 * stopped */
	uint32_t buffer_kb;		/* per CPU; 0: by the machine's memory */
	bool has_workload;		/* OSNOISE: with its threads, which look for hardware noise */
	bool has_user_workload;		/* TIMERLAT: its threads are the user's, by timerlat_fd */
	uint32_t period_us;		/* TIMERLAT; 0: the kernel's default, 1000 */
	uint32_t print_stack_us;	/* TIMERLAT: keep the interrupt's stack when that late; 0: no */
	bool is_aligned;		/* TIMERLAT: the threads' timers expire align_us apart */
	uint32_t align_us;
	const struct live_extra *extras;
	uint32_t nr_extras;
	const char *undo_dir;		/* what killed runs left there is undone first */
};

struct live_cpu {
	uint32_t cpu;
	int pages_fd;			/* trace_pipe_raw; does not block */
	int stats_fd;			/* per_cpu/cpuN/stats; -1 none */
};

/* The histogram that a trigger of the user's makes in the kernel; see live_hist.h. */
struct live_hist {
	char event[192];		/* SYSTEM:EVENT */
	int fd;				/* its file; may hang when it is read */
};

/* Tracing that is set up. */
struct live_instance {
	struct dat_file head;		/* a trace.dat without pages: formats, symbols, clock */
	int head_fd;
	int cmdlines_fd;		/* saved_cmdlines; -1 none */
	uint32_t page_size;		/* of the ring buffer */
	uint32_t buffer_kb;		/* per CPU */
	uint32_t nr_cpus;
	struct live_cpu *cpus;
	uint32_t nr_hists;
	struct live_hist *hists;
	enum live_tracer tracer;	/* never AUTO */
	char warning[256];		/* one line for the user; "" none */
};

/**
 * live_setup_start() - begin
 * @guard: borrowed
 *
 * Return: 0 or a negative errno with words in @err.
 */
int live_setup_start(const struct live_config *config, struct guard *guard, struct live_setup **ret,
		     struct error *err) __attribute__((warn_unused_result));

/** live_setup_fd() - readable when there is something to take */
int live_setup_fd(const struct live_setup *setup);

/**
 * live_setup_take() - see how far it is
 * @ret: filled in when it is done; live_instance_deinit() it
 *
 * Return: 1 done; 0 not yet; a negative errno with words in @err.
 */
int live_setup_take(struct live_setup *setup, struct live_instance *ret, struct error *err)
	__attribute__((warn_unused_result));

/** live_setup_step() - what it does at present, in words: "the size of the buffers" */
const char *live_setup_step(const struct live_setup *setup);

/** live_setup_pid() - of the helper */
int live_setup_pid(const struct live_setup *setup);

/**
 * live_setup_stop() - end the helper, and free
 * @timeout_ms: how long to wait for its end
 *
 * Return: true when it is gone; false when it hangs in the kernel: it ends when that returns, and until
 * then nothing can be undone. @setup may be NULL.
 */
bool live_setup_stop(struct live_setup *setup, int timeout_ms);

/** live_instance_init() - empty */
void live_instance_init(struct live_instance *instance);

/** live_instance_close() - close what keeps it from being removed; the head stays, to write from */
void live_instance_close(struct live_instance *instance);

/** live_instance_deinit() - close everything, and let go of the head */
void live_instance_deinit(struct live_instance *instance);

#endif

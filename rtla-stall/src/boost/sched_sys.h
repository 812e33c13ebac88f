/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_SCHED_SYS_H
#define RTLA_STALL_BOOST_SCHED_SYS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The scheduler's system calls and files, behind a table of functions. Nothing else in boost/ knows one.
 *
 * The real one is sched_sys_open(); tests have a twin that records and fails where it is told to. Calls
 * return 0 or a negative errno without words, since they stand where nothing may be formatted;
 * sched_sys_explain() finds the words afterwards.
 *
 * A thread is held by open files of its /proc directory: they stay those of this thread after its end
 * (reading gives ESRCH) and never become those of another with its tid. So they are what a pidfd is, and
 * exist for every thread and on every kernel; pidfds are for processes only before 6.9.
 */

struct error;

/* The kernel's struct sched_attr as of 5.3 (uapi/linux/sched/types.h); its names. */
struct sched_sys_attr {
	uint32_t size;
	uint32_t policy;	/* SCHED_* */
	uint64_t flags;		/* SCHED_FLAG_* */
	int32_t nice;		/* fair */
	uint32_t priority;	/* FIFO, RR: 1..99 */
	uint64_t runtime;	/* deadline: ns; fair from 6.12 on: the slice */
	uint64_t deadline;	/* ns, relative */
	uint64_t period;	/* ns */
	uint32_t util_min;	/* 0..1024; 0 on kernels without */
	uint32_t util_max;
};

#define SCHED_SYS_OTHER 0u
#define SCHED_SYS_FIFO 1u
#define SCHED_SYS_RR 2u
#define SCHED_SYS_DEADLINE 6u
#define SCHED_SYS_OWN_PRIORITY 98	/* FIFO: of what a SCHED_DEADLINE thread of ours starts */
#define SCHED_SYS_RESET_ON_FORK UINT64_C(1)
#define SCHED_SYS_UTIL_MIN UINT64_C(0x20)
#define SCHED_SYS_UTIL_MAX UINT64_C(0x40)

/* A thread that is held. Zeroed by sched_sys_thread_init() it holds none. */
struct sched_sys_thread {
	int32_t tid;
	int stat_fd;		/* -1: not held. Of kernel threads it is wchan (thread_reader.h) */
	int usage_fd;		/* -1: there is only stat */
	uint8_t usage;		/* which file that is; sched_sys.c's own */
	bool is_kernel;
	uint64_t start_ticks;	/* when it was taken hold of; 0: it could not be had */
};

/* What is seen of it at one moment. */
struct sched_sys_look {
	uint64_t start_ticks;	/* since boot: who it is, together with its tid; 0: it could not be had */
	char state;		/* 'R', 'S', 'D', 'I', 'Z', ... of /proc; a kernel thread's R or S */
	int32_t nice;		/* whatever its policy: what it would have as a fair thread */
	bool has_cpu_ns;	/* to the nanosecond, as of its last switch or tick; else to 10 ms */
	uint64_t cpu_ns;
	bool has_nr_runs;
	uint64_t nr_runs;	/* how often it was put on a CPU */
};

/* What the kernel is like, for struct plan_config. */
struct sched_sys_facts {
	uint64_t tick_ns;	/* 1/HZ; 10 ms when that cannot be had */
	bool has_hrtick_dl;	/* false also where it cannot be read (lockdown) */
	int64_t rt_runtime_us;	/* sched_rt_runtime_us; -1: deadline admission and throttling off */
	bool is_rt_runtime_writable;
	uint32_t nr_cpus;	/* possible ones: the highest number and one */
	uint64_t fair_server_ns; /* period of the fair server; 0: there is none, or it is off on CPU 0 */
};

struct sched_sys;

struct sched_sys_ops {
	int (*get_attr)(struct sched_sys *sys, int32_t tid, struct sched_sys_attr *ret);
	int (*set_attr)(struct sched_sys *sys, int32_t tid, const struct sched_sys_attr *attr);
	/* -ESRCH when there is no such thread; -EMFILE when too many files are open */
	int (*hold)(struct sched_sys *sys, int32_t tid, struct sched_sys_thread *ret);
	int (*look)(struct sched_sys *sys, const struct sched_sys_thread *thread,
		    struct sched_sys_look *ret);
	void (*let_go)(struct sched_sys *sys, struct sched_sys_thread *thread);
	/* CPUs it may run on are fewer than there are */
	int (*is_confined)(struct sched_sys *sys, int32_t tid, bool *ret);
	int (*get_rt_runtime)(struct sched_sys *sys, int64_t *us);
	int (*set_rt_runtime)(struct sched_sys *sys, int64_t us);
	uint64_t (*now)(struct sched_sys *sys);	/* CLOCK_MONOTONIC, ns */
	int (*kept_fd)(struct sched_sys *sys);	/* a file that the functions above need; -1: none */
	void (*close)(struct sched_sys *sys);
};

/* What the ops get; the struct that embeds it holds their state. */
struct sched_sys {
	const struct sched_sys_ops *ops;
};

/**
 * sched_sys_open() - the real one; files that are needed later are opened here
 *
 * Needs no privilege by itself: see sched_sys_check().
 *
 * Return: 0 or a negative errno with words in @err.
 */
int sched_sys_open(struct sched_sys **ret, struct error *err) __attribute__((warn_unused_result));

/** sched_sys_close() - close and free; @sys may be NULL */
static inline void sched_sys_close(struct sched_sys *sys)
{
	if (sys)
		sys->ops->close(sys);
}

/**
 * sched_sys_check() - may this process boost others?
 *
 * Return: 0; -EPERM with words in @err when it has no CAP_SYS_NICE.
 */
int sched_sys_check(struct error *err) __attribute__((warn_unused_result));

/** sched_sys_find_facts() - as far as they can be had. @sys: the real one */
void sched_sys_find_facts(struct sched_sys *sys, struct sched_sys_facts *ret);

/** sched_sys_thread_init() - holds nobody */
void sched_sys_thread_init(struct sched_sys_thread *thread);

/**
 * sched_sys_explain() - why set_attr() failed, in words
 * @code: what it returned
 * @attr: what was asked for
 *
 * Looks at the thread and its control group, so not to be called where time matters. Return: @code.
 */
int sched_sys_explain(struct sched_sys *sys, int32_t tid, const struct sched_sys_attr *attr, int code,
		      struct error *err);

/** sched_sys_policy_name() - "SCHED_FIFO", ...; "policy 9" is not known to it: "SCHED_?" */
const char *sched_sys_policy_name(uint32_t policy);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_ENGINE_EVENT_H
#define RTLA_STALL_ENGINE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the engine understands of a trace: the contract with every source.
 *
 * An event is a value. It holds no pointer; strings that recur are numbers of a names table
 * (util/names.h) that the source and the engine's owner share. A source
 *
 *  - hands events on in the order of their time stamps, whatever CPU they are from; of two with equal
 *    stamps the one of the lower CPU comes first, and those of one CPU stay as they were recorded.
 *    Where a trace itself goes back in time on one CPU, the event is handed on as it is;
 *  - marks what is missing with EVENT_LOSS, at the place where it is missing;
 *  - turns every record into one event: those it cannot use become EVENT_OTHER, because any record
 *    proves who is on its CPU;
 *  - fills the head and the one member of the union that belongs to the type; the rest is undefined.
 *
 * Kernel names are kept: "prio" is the kernel's number as traced (-1 deadline, 0..98 real-time with
 * lower being more urgent, 100..139 fair). A tid is what trace fields call pid; 0 is the idle task
 * of whichever CPU.
 */

#define COMM_LEN 16	/* TASK_COMM_LEN, the NUL included */
#define STACK_MAX 32	/* frames kept of a stack, innermost first */
#define TID_UNKNOWN (-1)
#define PRIO_UNKNOWN INT32_MAX

enum event_type {
	EVENT_OTHER,		/* proves who is on the CPU, and in what context */
	EVENT_SWITCH,		/* sched:sched_switch */
	EVENT_WAKING,		/* sched:sched_waking */
	EVENT_WAKEUP,		/* sched:sched_wakeup */
	EVENT_WAKEUP_NEW,	/* sched:sched_wakeup_new */
	EVENT_MIGRATE,		/* sched:sched_migrate_task */
	EVENT_PI_SETPRIO,	/* sched:sched_pi_setprio */
	EVENT_FORK,		/* sched:sched_process_fork, task:task_newtask */
	EVENT_EXEC,		/* sched:sched_process_exec */
	EVENT_EXIT,		/* sched:sched_process_exit; the thread still runs for a while */
	EVENT_RENAME,		/* task:task_rename */
	EVENT_IRQ_ENTRY,	/* irq:irq_handler_entry, irq_vectors:*_entry, ipi:ipi_entry */
	EVENT_IRQ_EXIT,		/* irq:irq_handler_exit, irq_vectors:*_exit, ipi:ipi_exit */
	EVENT_SOFTIRQ_ENTRY,	/* irq:softirq_entry */
	EVENT_SOFTIRQ_EXIT,	/* irq:softirq_exit */
	EVENT_NMI,		/* nmi:nmi_handler: written at its end, with how long it took */
	EVENT_IRQ_NOISE,	/* osnoise:irq_noise: written at the end, net of what nested in
				 * it */
	EVENT_SOFTIRQ_NOISE,	/* osnoise:softirq_noise: likewise */
	EVENT_NMI_NOISE,	/* osnoise:nmi_noise: likewise */
	EVENT_THREAD_NOISE,	/* osnoise:thread_noise: around the switch away from the thread */
	EVENT_TIMERLAT,		/* ftrace:timerlat, osnoise:timerlat_sample */
	EVENT_WORK_QUEUE,	/* workqueue:workqueue_queue_work */
	EVENT_WORK_ACTIVATE,	/* workqueue:workqueue_activate_work */
	EVENT_WORK_START,	/* workqueue:workqueue_execute_start */
	EVENT_WORK_END,		/* workqueue:workqueue_execute_end */
	EVENT_LOCK_BEGIN,	/* lock:contention_begin */
	EVENT_LOCK_END,		/* lock:contention_end */
	EVENT_IRQS_OFF,		/* preemptirq:irq_disable */
	EVENT_IRQS_ON,		/* preemptirq:irq_enable */
	EVENT_PREEMPT_OFF,	/* preemptirq:preempt_disable */
	EVENT_PREEMPT_ON,	/* preemptirq:preempt_enable */
	EVENT_STACK,		/* ftrace:kernel_stack; belongs to the record before it on its
				 * CPU */
	EVENT_LOSS,		/* records of this CPU are missing from here on */
	EVENT_TICK,		/* nothing happened; time has come this far (live sources) */
	EVENT_FOUND_READY,	/* /proc: this thread is ready and does not run, since now or longer */
	EVENT_FOUND_RUNNING,	/* /proc: this thread has the CPU */
	EVENT_FOUND_ENDED,	/* /proc: a thread found ready has run since, or is gone */
	EVENT_NR_TYPES
};

/* bit of an event type in a mask of types */
#define EVENT_BIT(type) (UINT64_C(1) << (type))

/* Context of the record: common_flags, or the flag columns of the text. */
enum event_flag {
	EVENT_HAS_FLAGS = 1 << 0,	/* the other bits and preempt_depth are known */
	EVENT_FLAG_IRQS_OFF = 1 << 1,	/* 'd' */
	EVENT_FLAG_NEED_RESCHED = 1 << 2, /* a switch is due: 'N', 'n', 'B', 'b' of the resched
					   * column */
	EVENT_FLAG_NEED_RESCHED_LAZY = 1 << 3, /* due, but it may wait: 'L', 'l', 'B', 'b' of that column,
						* or a column of its own */
	EVENT_FLAG_HARDIRQ = 1 << 4,	/* 'h', 'H', 'z', 'Z' */
	EVENT_FLAG_SOFTIRQ = 1 << 5,	/* 's', 'H': softirqs are being served */
	EVENT_FLAG_NMI = 1 << 6,	/* 'z', 'Z' */
	EVENT_FLAG_BH_OFF = 1 << 7,	/* 'b', 'D' of the irqs-off column */
};

/* How a thread left the CPU: prev_state of sched_switch, by the trace's own table of letters. */
enum event_left {
	LEFT_READY,	/* R: preempted on the way to user space, or it yielded */
	LEFT_PREEMPTED,	/* R+: preempted inside the kernel */
	LEFT_SLEEPING,	/* S, I, T, t, P: its work is done, or it is stopped */
	LEFT_SUSPENDED,	/* D: in the middle of its work */
	LEFT_DEAD,	/* X, Z */
	LEFT_UNKNOWN	/* the field is missing or not understood */
};

struct event {
	uint64_t at;		/* ns on the trace's clock */
	uint32_t cpu;		/* it was recorded on this CPU */
	int32_t tid;		/* common_pid: the thread underneath; TID_UNKNOWN */
	uint8_t type;		/* enum event_type */
	uint8_t flags;		/* enum event_flag */
	uint8_t preempt_depth;	/* of PREEMPT_MASK only; 0 when flags are unknown */
	union {
		struct {
			int32_t prev_tid;
			int32_t next_tid;
			int32_t prev_prio;	/* PRIO_UNKNOWN */
			int32_t next_prio;	/* PRIO_UNKNOWN */
			uint8_t left;		/* enum event_left of prev */
			char prev_comm[COMM_LEN];
			char next_comm[COMM_LEN];
		} sw;				/* SWITCH */
		struct {
			int32_t tid;
			int32_t prio;		/* PRIO_UNKNOWN */
			uint32_t target_cpu;	/* WAKING: the CPU it was last on; else the one chosen;
						 * UINT32_MAX: the field is missing */
			char comm[COMM_LEN];
		} wake;				/* WAKING, WAKEUP, WAKEUP_NEW */
		struct {
			int32_t tid;
			int32_t prio;
			uint32_t orig_cpu;
			uint32_t dest_cpu;
			char comm[COMM_LEN];
		} migrate;			/* MIGRATE */
		struct {
			int32_t tid;		/* whose priority changes */
			int32_t old_prio;
			int32_t new_prio;
			char comm[COMM_LEN];
		} pi;				/* PI_SETPRIO; head.tid is the blocked thread
						 * when it boosts */
		struct {
			int32_t parent_tid;	/* TID_UNKNOWN: task_newtask does not say;
						 * head.tid is it */
			int32_t tid;		/* the child */
			char comm[COMM_LEN];	/* the child's; "" unknown */
		} fork;				/* FORK */
		struct {
			int32_t tid;
			int32_t old_tid;	/* EXEC by another thread than the leader; else
						 * == tid */
			char comm[COMM_LEN];	/* EXIT; RENAME: the new one; EXEC: "" */
		} task;				/* EXEC, EXIT, RENAME */
		struct {
			int32_t number;		/* irq number or vector; softirq vector; -1
						 * unknown */
			uint32_t name;		/* action, "local_timer", "TIMER"; 0 unknown */
			uint64_t duration_ns;	/* NMI and noise only: net */
		} irq;				/* IRQ_*, SOFTIRQ_*, NMI, *_NOISE but THREAD */
		struct {
			int32_t tid;
			uint64_t duration_ns;
			char comm[COMM_LEN];
		} thread_noise;			/* THREAD_NOISE */
		struct {
			uint32_t seqnum;
			uint32_t context;	/* 0 irq, 1 thread, 2 return to user space */
			uint64_t timer_latency_ns;
		} timerlat;			/* TIMERLAT */
		struct {
			uint64_t work;		/* address of the work struct: its identity */
			uint32_t function;	/* name; 0 unknown */
			uint32_t workqueue;	/* name; 0 unknown; QUEUE only */
			uint32_t req_cpu;	/* QUEUE only; UINT32_MAX: unbound or unknown */
			uint32_t cpu;		/* QUEUE only; the pool's CPU; UINT32_MAX
						 * likewise */
		} work;				/* WORK_* */
		struct {
			uint64_t address;	/* the lock's identity */
			uint32_t flags;		/* BEGIN: the kernel's LCB_F_*: 1 spin 2 read 4
						 * write 8 rt 16 percpu 32 mutex */
			int32_t result;		/* END: 0 it got the lock */
		} lock;				/* LOCK_* */
		struct {
			uint32_t nr_frames;	/* up to STACK_MAX */
			uint32_t frames[STACK_MAX]; /* names: symbols without offset, innermost
						     * first */
		} stack;			/* STACK */
		struct {
			uint64_t to_at;		/* records are there again from here; >= head.at */
			uint64_t lost_events;	/* 0: not known how many */
		} loss;				/* LOSS */
		struct {
			int32_t tid;		/* RUNNING: 0 idle, TID_UNKNOWN it cannot be told any more */
			int32_t prio;		/* PRIO_UNKNOWN */
			char comm[COMM_LEN];
		} found;			/* FOUND_*; not records: head.tid is TID_UNKNOWN, and
						 * head.cpu is the CPU it is queued or runs on */
	};
};

#endif

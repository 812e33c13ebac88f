/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_REAL_FORMATS_H
#define TESTS_FUZZ_REAL_FORMATS_H

/* Event formats of Debian's 6.1.0-56-rt-amd64, as the bundled recordings hold them. */

struct real_format {
	const char *system;
	const char *text;
};

#define COMMON \
	"format:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n" \
	"\tfield:unsigned char common_preempt_lazy_count;\toffset:8;\tsize:1;\tsigned:0;\n" \
	"\n"

static const struct real_format real_formats[] = {
	{ "ftrace",
	  "name: kernel_stack\nID: 4\n" COMMON
	  "\tfield:int size;\toffset:12;\tsize:4;\tsigned:1;\n"
	  "\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "ftrace",
	  "name: timerlat\nID: 17\n" COMMON
	  "\tfield:unsigned int seqnum;\toffset:12;\tsize:4;\tsigned:0;\n"
	  "\tfield:int context;\toffset:16;\tsize:4;\tsigned:1;\n"
	  "\tfield:u64 timer_latency;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_switch\nID: 319\n" COMMON
	  "\tfield:char prev_comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t prev_pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int prev_prio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:long prev_state;\toffset:40;\tsize:8;\tsigned:1;\n"
	  "\tfield:char next_comm[16];\toffset:48;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t next_pid;\toffset:64;\tsize:4;\tsigned:1;\n"
	  "\tfield:int next_prio;\toffset:68;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s%s ==> "
	  "next_comm=%s next_pid=%d next_prio=%d\", REC->prev_comm, REC->prev_pid, "
	  "REC->prev_prio, (REC->prev_state & ((((0x00000000 | 0x00000001 | 0x00000002 | "
	  "0x00000004 | 0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) - "
	  "1)) ? __print_flags(REC->prev_state & ((((0x00000000 | 0x00000001 | 0x00000002 "
	  "| 0x00000004 | 0x00000008 | 0x00000010 | 0x00000020 | 0x00000040) + 1) << 1) - "
	  "1), \"|\", { 0x00000001, \"S\" }, { 0x00000002, \"D\" }, { 0x00000004, \"T\" }, "
	  "{ 0x00000008, \"t\" }, { 0x00000010, \"X\" }, { 0x00000020, \"Z\" }, { "
	  "0x00000040, \"P\" }, { 0x00000080, \"I\" }) : \"R\", REC->prev_state & "
	  "(((0x00000000 | 0x00000001 | 0x00000002 | 0x00000004 | 0x00000008 | 0x00000010 "
	  "| 0x00000020 | 0x00000040) + 1) << 1) ? \"+\" : \"\", REC->next_comm, "
	  "REC->next_pid, REC->next_prio\n" },
	{ "sched",
	  "name: sched_waking\nID: 322\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int prio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int target_cpu;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_wakeup\nID: 321\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int prio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int target_cpu;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_wakeup_new\nID: 320\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int prio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int target_cpu;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_migrate_task\nID: 318\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int prio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int orig_cpu;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "\tfield:int dest_cpu;\toffset:40;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_pi_setprio\nID: 306\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int oldprio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int newprio;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_process_exit\nID: 316\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:int prio;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "sched",
	  "name: sched_process_fork\nID: 313\n" COMMON
	  "\tfield:char parent_comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t parent_pid;\toffset:28;\tsize:4;\tsigned:1;\n"
	  "\tfield:char child_comm[16];\toffset:32;\tsize:16;\tsigned:1;\n"
	  "\tfield:pid_t child_pid;\toffset:48;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "task",
	  "name: task_rename\nID: 131\n" COMMON
	  "\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
	  "\tfield:char oldcomm[16];\toffset:16;\tsize:16;\tsigned:1;\n"
	  "\tfield:char newcomm[16];\toffset:32;\tsize:16;\tsigned:1;\n"
	  "\tfield:short oom_score_adj;\toffset:48;\tsize:2;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "workqueue",
	  "name: workqueue_queue_work\nID: 264\n" COMMON
	  "\tfield:void * work;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:void * function;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "\tfield:__data_loc char[] workqueue;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int req_cpu;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "\tfield:int cpu;\toffset:40;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "workqueue",
	  "name: workqueue_execute_start\nID: 262\n" COMMON
	  "\tfield:void * work;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:void * function;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "workqueue",
	  "name: workqueue_activate_work\nID: 263\n" COMMON
	  "\tfield:void * work;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "workqueue",
	  "name: workqueue_execute_end\nID: 261\n" COMMON
	  "\tfield:void * work;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:void * function;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "irq",
	  "name: irq_handler_entry\nID: 152\n" COMMON
	  "\tfield:int irq;\toffset:12;\tsize:4;\tsigned:1;\n"
	  "\tfield:__data_loc char[] name;\toffset:16;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "irq",
	  "name: irq_handler_exit\nID: 151\n" COMMON
	  "\tfield:int irq;\toffset:12;\tsize:4;\tsigned:1;\n"
	  "\tfield:int ret;\toffset:16;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "irq",
	  "name: softirq_entry\nID: 150\n" COMMON
	  "\tfield:unsigned int vec;\toffset:12;\tsize:4;\tsigned:0;\n"
	  "print fmt: \"vec=%u [action=%s]\", REC->vec, __print_symbolic(REC->vec, { 0, "
	  "\"HI\" }, { 1, \"TIMER\" }, { 2, \"NET_TX\" }, { 3, \"NET_RX\" }, { 4, "
	  "\"BLOCK\" }, { 5, \"IRQ_POLL\" }, { 6, \"TASKLET\" }, { 7, \"SCHED\" }, { 8, "
	  "\"HRTIMER\" }, { 9, \"RCU\" })\n" },
	{ "irq",
	  "name: softirq_exit\nID: 149\n" COMMON
	  "\tfield:unsigned int vec;\toffset:12;\tsize:4;\tsigned:0;\n"
	  "print fmt: \"vec=%u [action=%s]\", REC->vec, __print_symbolic(REC->vec, { 0, "
	  "\"HI\" }, { 1, \"TIMER\" }, { 2, \"NET_TX\" }, { 3, \"NET_RX\" }, { 4, "
	  "\"BLOCK\" }, { 5, \"IRQ_POLL\" }, { 6, \"TASKLET\" }, { 7, \"SCHED\" }, { 8, "
	  "\"HRTIMER\" }, { 9, \"RCU\" })\n" },
	{ "irq_vectors",
	  "name: local_timer_entry\nID: 92\n" COMMON
	  "\tfield:int vector;\toffset:12;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "irq_vectors",
	  "name: local_timer_exit\nID: 91\n" COMMON
	  "\tfield:int vector;\toffset:12;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "lock",
	  "name: contention_begin\nID: 331\n" COMMON
	  "\tfield:void * lock_addr;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:unsigned int flags;\toffset:24;\tsize:4;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "lock",
	  "name: contention_end\nID: 330\n" COMMON
	  "\tfield:void * lock_addr;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:int ret;\toffset:24;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "osnoise",
	  "name: irq_noise\nID: 449\n" COMMON
	  "\tfield:u64 start;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:u64 duration;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "\tfield:__data_loc char[] desc;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "\tfield:int vector;\toffset:36;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
	{ "osnoise",
	  "name: softirq_noise\nID: 450\n" COMMON
	  "\tfield:u64 start;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:u64 duration;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "\tfield:int vector;\toffset:32;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"%8s:%d start %llu.%09u duration %llu ns\", "
	  "__print_symbolic(REC->vector, { HI_SOFTIRQ, \"HI\" }, { TIMER_SOFTIRQ, "
	  "\"TIMER\" }, { NET_TX_SOFTIRQ, \"NET_TX\" }, { NET_RX_SOFTIRQ, \"NET_RX\" }, { "
	  "BLOCK_SOFTIRQ, \"BLOCK\" }, { IRQ_POLL_SOFTIRQ, \"IRQ_POLL\" }, { "
	  "TASKLET_SOFTIRQ, \"TASKLET\" }, { SCHED_SOFTIRQ, \"SCHED\" }, { "
	  "HRTIMER_SOFTIRQ, \"HRTIMER\" }, { RCU_SOFTIRQ, \"RCU\" }), REC->vector, "
	  "(REC->start) / 1000000000UL, (REC->start) % 1000000000UL, REC->duration\n" },
	{ "osnoise",
	  "name: nmi_noise\nID: 448\n" COMMON
	  "\tfield:u64 start;\toffset:16;\tsize:8;\tsigned:0;\n"
	  "\tfield:u64 duration;\toffset:24;\tsize:8;\tsigned:0;\n"
	  "print fmt: \"\"\n" },
	{ "osnoise",
	  "name: thread_noise\nID: 451\n" COMMON
	  "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:1;\n"
	  "\tfield:u64 start;\toffset:32;\tsize:8;\tsigned:0;\n"
	  "\tfield:u64 duration;\toffset:40;\tsize:8;\tsigned:0;\n"
	  "\tfield:pid_t pid;\toffset:48;\tsize:4;\tsigned:1;\n"
	  "print fmt: \"\"\n" },
};

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way ftrace text has of saying a thing, line by line: columns, then bodies of events.
 * test_text_files.c has whole files, losses and damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text_feed.h"

struct line_case {
	const char *text;
	const char *expected;	/* one line per event */
};

static void check(const struct line_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		for (int how = TEXT_FEED_FILE; how <= TEXT_FEED_PIPE; how++) {
			struct text_fed fed;

			fed = text_feed(cases[i].text, strlen(cases[i].text), how, EVENT_WORDS_ALL);
			assert_int_equal(fed.result, 0);
			if (strcmp(fed.events, cases[i].expected))
				print_error("%s", cases[i].text);
			assert_string_equal(fed.events, cases[i].expected);
			assert_int_equal(fed.info.odd[SOURCE_ODD_CUT_LINE], 0);
			free(fed.events);
		}
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(cases[0]))

/* EVENT_OTHER shows nothing but what the columns say. */
static void test_columns(void **state)
{
	static const struct line_case cases[] = {
		/* four, five and seven flag columns; none */
		{ "            bash-1977  [003] d.h1 17284.993652: foo: bar\n",
		  "17284993652000 3 1977 dh/1 other\n" },
		{ "            bash-1977    [003] dNs4.  1797.965085: foo: bar\n",
		  "1797965085000 3 1977 dns/4 other\n" },
		{ "          <idle>-0       [001] d..h2..    47.000001: foo: bar\n",
		  "47000001000 1 0 dh/2 other\n" },
		{ "          <idle>-0       [001] dNLs315    47.000001: foo: bar\n",
		  "47000001000 1 0 dnls/3 other\n" },
		{ "          <idle>-0       [001] ..L.1..    47.000001: foo: bar\n",
		  "47000001000 1 0 l/1 other\n" },
		{ "            bash-1977  [003]  1797.965085: foo: bar\n",
		  "1797965085000 3 1977 ? other\n" },
		/* trace-cmd report -l adds columns to the four */
		{ "            bash-1977  [003] d.h2.1  1797.965085: foo: bar\n",
		  "1797965085000 3 1977 dh/2 other\n" },
		/* each letter */
		{ "            bash-1977  [003] Dnz.. 1.5: foo: bar\n",
		  "1500000000 3 1977 dnzb/0 other\n" },
		{ "            bash-1977  [003] bBZa. 1.5: foo: bar\n",
		  "1500000000 3 1977 nlhzb/10 other\n" },
		{ "            bash-1977  [003] XbHf2 1.5: foo: bar\n",
		  "1500000000 3 1977 nlhs/15 other\n" },
		{ "            bash-1977  [003] .l... 1.5: foo: bar\n",
		  "1500000000 3 1977 l/0 other\n" },
		{ "            bash-1977  [003] .p... 1.5: foo: bar\n",
		  "1500000000 3 1977 /0 other\n" },
		/* thread groups, before and after the CPU */
		{ "       trace-cmd-28284 (28284) [005] .... 240338.934671: foo: bar\n",
		  "240338934671000 5 28284 /0 other\n" },
		{ "            bash-9078    (-------) [001] dNs4.  1797.965085: foo: bar\n",
		  "1797965085000 1 9078 dns/4 other\n" },
		{ "          <idle>-0     [002] (-----) dn.1  1507.655129: foo: bar\n",
		  "1507655129000 2 0 dn/1 other\n" },
		/* raw counters, ns */
		{ "            bash-9266    [001] .....            5: foo: bar\n",
		  "5 1 9266 /0 other\n" },
		{ "            bash-9266    [001] ..... 4744615098737: foo: bar\n",
		  "4744615098737 1 9266 /0 other\n" },
		{ "          <idle>-0     [000]     7.546132683: (+348367) foo: bar\n",
		  "7546132683 0 0 ? other\n" },
		{ "          <idle>-0     [000]     0.000000001: foo: bar\n", "1 0 0 ? other\n" },
		/* latency format of kernels and of trace-cmd */
		{ "  <idle>-0         0d.h2.  123us : foo: bar\n", "123000 0 0 dh/2 other\n" },
		{ "  <idle>-0       13d..h2.. 2563695119us+: foo: bar\n",
		  "2563695119000 13 0 dh/2 other\n" },
		{ "    bash-1977      1dNs4 1797965085us#: foo: bar\n",
		  "1797965085000 1 1977 dns/4 other\n" },
		{ "  <idle>-0         0d.h1.    2: foo: bar\n", "2 0 0 dh/1 other\n" },
		{ "rcu_pree-17      0d..2.     7.546522297: foo: bar\n", "7546522297 0 17 d/2 other\n" },
		{ "ktimers/-15      0-0x11    21.178387981: foo: bar\n", "21178387981 0 15 ? other\n" },
		/* verbose */
		{ "          my [a]    9078   1 53 00000004 00000000 [6b2ac51d] 1797965.085ms "
		  "(+7.056ms): foo: bar\n", "1797965085000 1 9078 dns/4 other\n" },
		{ "            bash    9078   1 53 00000004 00000000 [6b2ac51d] 1797965.085ms "
		  "(+7.056ms): foo: bar\n", "1797965085000 1 9078 dns/4 other\n" },
		{ "    a 1 2 3 4 5        0   0 13 00000001 0000000a [000000000000000d] 11 (+1): "
		  "foo: bar\n", "13 0 0 dnh/1 other\n" },
		/* in logs */
		{ "[10611.836636] rcu_tort-70        1d..2. 10607789214us : foo: bar\n",
		  "10607789214000 1 70 d/2 other\n" },
		{ "<4>[  123.456789][    C1]   <idle>-0         0d.h1. 12us!: foo: bar\n",
		  "12000 0 0 dh/1 other\n" },
		{ "Nov  5 10:00:01 host kernel: [  123.456]   <idle>-0         0d.h1. 12us : foo: "
		  "bar\n", "12000 0 0 dh/1 other\n" },
		{ "[Wed Nov  5 10:00:01 2025]   <idle>-0         0d.h1. 12us : foo: bar\n",
		  "12000 0 0 dh/1 other\n" },
		{ "[  123.456789]             bash-1977  [003] d.h1 17284.993652: foo: bar\n",
		  "17284993652000 3 1977 dh/1 other\n" },
		/* blanks stripped, the name of an instance in front */
		{ "bash-1977  [003] d.h1 17284.993652: foo: bar\n",
		  "17284993652000 3 1977 dh/1 other\n" },
		{ "  guest1:               bash-1977  [003] d.h1 17284.993652: foo: bar\n",
		  "17284993652000 3 1977 dh/1 other\n" },
	};

	(void)state;
	CHECK(cases);
}

/* The comm before the tid may look like anything. */
static void test_hostile_column_comm(void **state)
{
	static const struct line_case cases[] = {
		{ "    kworker/u8:0-12-1977  [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 1977 dh/1 other\n" },
		{ "           <...>-1977  [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 1977 dh/1 other\n" },
		{ " a-1 [002] 1.0: -99    [003] d.h1 5.000001: foo: [004] d..1 6.0: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "a-1 [2] 1.0: x-99  [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "            => x-99    [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "           # foo-99    [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "CPU:1 [LOST 2 E-99    [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "        [  1.0] -99    [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "      \x1b[2J\xff-1-99    [003] d.h1 5.000001: foo: bar\n",
		  "5000001000 3 99 dh/1 other\n" },
		{ "   a b c-99      0d.h1. 5us : foo: bar\n", "5000 0 99 dh/1 other\n" },
		/* not an event with a name: what tracers print */
		{ "            bash-1977  [003] d.h1 5.000001: do_idle <-cpu_startup_entry\n",
		  "5000001000 3 1977 dh/1 other\n" },
		{ "            bash-1977  [003] d.h1 5.000001: sys_read(fd: 2, buf: 2aa1)\n",
		  "5000001000 3 1977 dh/1 other\n" },
	};

	(void)state;
	CHECK(cases);
}

/* The body of an event, and what it is read as. */
struct body_case {
	const char *body;
	const char *expected;
};

static void check_bodies(const struct body_case *cases, size_t nr)
{
	char text[512], expected[512];

	for (size_t i = 0; i < nr; i++) {
		struct line_case line = { text, expected };

		snprintf(text, sizeof(text), "            bash-99      [002] d..2.  10.000001: %s\n",
			 cases[i].body);
		snprintf(expected, sizeof(expected), "10000001000 2 99 d/2 %s\n",
			 cases[i].expected);
		check(&line, 1);
	}
}

#define CHECK_BODIES(cases) check_bodies(cases, sizeof(cases) / sizeof(cases[0]))
#define SWITCH_HEAD "sched_switch: prev_comm=a prev_pid=1 prev_prio=120 prev_state="
#define SWITCH_TAIL " ==> next_comm=b next_pid=2 next_prio=-1"
#define LEFT(letters, left) \
	{ SWITCH_HEAD letters SWITCH_TAIL, "switch a:1[120] " left " b:2[-1]" }
#define RAW_LEFT(bits, left) \
	{ SWITCH_HEAD bits " next_comm=b next_pid=2 next_prio=-1", "switch a:1[120] " left " b:2[-1]" }

static void test_switch(void **state)
{
	static const struct body_case cases[] = {
		LEFT("R", "ready"), LEFT("R+", "preempted"), LEFT("S", "sleeping"),
		LEFT("S+", "preempted"), LEFT("D", "suspended"), LEFT("D|K", "suspended"),
		LEFT("D|W", "suspended"), LEFT("S|W", "sleeping"), LEFT("D|N", "sleeping"),
		LEFT("I", "sleeping"), LEFT("T", "sleeping"), LEFT("t", "sleeping"),
		LEFT("P", "sleeping"), LEFT("X", "dead"), LEFT("Z", "dead"), LEFT("x", "dead"),
		LEFT("?", "unknown"),
		RAW_LEFT("0", "ready"), RAW_LEFT("1", "sleeping"), RAW_LEFT("2", "suspended"),
		RAW_LEFT("4", "sleeping"), RAW_LEFT("16", "dead"), RAW_LEFT("32", "dead"),
		RAW_LEFT("128", "sleeping"), RAW_LEFT("130", "suspended"),
		RAW_LEFT("256", "preempted"), RAW_LEFT("257", "preempted"),
		RAW_LEFT("1024", "preempted"), RAW_LEFT("2048", "preempted"),
		RAW_LEFT("4096", "preempted"), RAW_LEFT("512", "sleeping"),
		RAW_LEFT("1026", "sleeping"), RAW_LEFT("0x100", "preempted"),
		/* comms that hold fields */
		{ "sched_switch: prev_comm=a prev_pid=7 prev_pid=1 prev_prio=120 prev_state=S ==> "
		  "next_comm=b next_pid=7 next_pid=2 next_prio=98",
		  "switch a prev_pid=7:1[120] sleeping b next_pid=7:2[98]" },
		{ "sched_switch: prev_comm= ==> next_comm= prev_pid=1 prev_prio=120 prev_state=R ==> "
		  "next_comm= ==>  next_pid=2 next_prio=98",
		  "switch  ==> next_comm=:1[120] ready  ==> :2[98]" },
		{ "sched_switch: prev_comm= prev_pid=1 prev_prio=120 prev_state=S ==> next_comm= "
		  "next_pid=2 next_prio=98", "switch :1[120] sleeping :2[98]" },
		/* longer than a comm can be today */
		{ "sched_switch: prev_comm=0123456789abcdefghij prev_pid=1 prev_prio=120 prev_state=S "
		  "==> next_comm=b next_pid=2 next_prio=98",
		  "switch 0123456789abcde:1[120] sleeping b:2[98]" },
		/* the tracing option "fields" */
		{ "sched_switch: prev_comm=bash prev_pid=0x2376 (9078) prev_prio=0x78 (120) "
		  "prev_state=0x100 (256) next_comm=x next_pid=0x16 (22) next_prio=0xffffffff (-1)",
		  "switch bash:9078[120] preempted x:22[-1]" },
		/* trace-cmd's plugin, and kernels 2.6 */
		{ "sched_switch:         loop-rt:164 [44] Z ==> kworker/3:1:99 [120]",
		  "switch loop-rt:164[44] dead kworker/3:1:99[120]" },
		{ "sched_switch: rcu_preempt:17 [98] W ==> rcuc/0:21 [-1] Latency: 12.3 usecs",
		  "switch rcu_preempt:17[98] sleeping rcuc/0:21[-1]" },
		/* b:2 [120] R ==> c would be too long for a comm */
		{ "sched_switch: a:1 [5] R ==> b:2 [120] R ==> c:3 [98]",
		  "switch a:1 [5] R ==> b:2[120] ready c:3[98]" },
		{ "sched_switch: a:1 [120] x ==> b:2 [120]", "switch a:1[120] sleeping b:2[120]" },
		{ "sched_switch: task bash:1 [120] (R) ==> sh x:2 [120]",
		  "switch bash:1[120] ready sh x:2[120]" },
	};

	(void)state;
	CHECK_BODIES(cases);
}

static void test_wake(void **state)
{
	static const struct body_case cases[] = {
		{ "sched_waking: comm=rcuc/0 pid=21 prio=98 target_cpu=000", "waking rcuc/0:21[98] 0" },
		{ "sched_wakeup: comm=my prog pid=1 pid=99 prio=120 target_cpu=003",
		  "wakeup my prog pid=1:99[120] 3" },
		{ "sched_wakeup: comm=a=b, pid=99 prio=120 success=1 target_cpu=012",
		  "wakeup a=b,:99[120] 12" },
		{ "sched_wakeup_new: comm=sh pid=163 prio=-1 target_cpu=000",
		  "wakeup_new sh:163[-1] 0" },
		{ "sched_waking: comm=x pid=0x29 (41) prio=0x78 (120) target_cpu=0x1 (1)",
		  "waking x:41[120] 1" },
		{ "sched_wakeup:         kworker/3:1:99 [120] CPU:003", "wakeup kworker/3:1:99[120] 3" },
		{ "sched_wakeup:         a b:99 [120] success=1 CPU:003", "wakeup a b:99[120] 3" },
		{ "sched_wakeup:         a:99 [120] success=1 CPU=003", "wakeup a:99[120] 3" },
		{ "sched_wakeup_new: task a:99 [120] success=1 [003]", "wakeup_new a:99[120] 3" },
		{ "sched_migrate_task: comm=rcu_preempt pid=17 prio=98 orig_cpu=0 dest_cpu=2",
		  "migrate rcu_preempt:17[98] 0 2" },
		{ "sched_pi_setprio: comm=low pid=55 oldprio=120 newprio=49", "pi low:55 120 49" },
	};

	(void)state;
	CHECK_BODIES(cases);
}

static void test_threads(void **state)
{
	static const struct body_case cases[] = {
		{ "sched_process_fork: comm=sh pid=162 child_comm=sh -c child_pid=163",
		  "fork 162 sh -c:163" },
		{ "sched_process_fork: parent_comm=sh parent_pid=162 child_comm=x pid=3 child_pid=163",
		  "fork 162 x pid=3:163" },
		{ "task_newtask: pid=9086 comm=bash clone_flags=1200000 oom_score_adj=0",
		  "fork -1 bash:9086" },
		{ "sched_process_exec: filename=/bin/true pid=9085 old_pid=9084", "exec 9084 9085" },
		{ "sched_process_exec: filename=/x old_pid=3 pid=9 old_pid=1 pid=9085 old_pid=9085",
		  "exec 9085 9085" },
		{ "sched_process_exit: comm=sleep pid=163 prio=120", "exit sleep:163" },
		{ "sched_process_exit: comm=cat pid=9087 prio=120 group_dead=true", "exit cat:9087" },
		{ "task_rename: pid=162 oldcomm=trace-cmd newcomm=sh oom_score_adj=0", "rename sh:162" },
		{ "task_rename: pid=162 oldcomm=a newcomm=b newcomm=c oom_score_adj=-1000",
		  "rename c:162" },
		{ "task_rename: oldcomm=a newcomm=b oom_score_adj=0", "rename b:99" },
	};

	(void)state;
	CHECK_BODIES(cases);
}

static void test_interrupts(void **state)
{
	static const struct body_case cases[] = {
		{ "irq_handler_entry: irq=25 name=virtio0-requests", "irq+ virtio0-requests/25" },
		{ "irq_handler_entry: irq=9 name=a b=c", "irq+ a b=c/9" },
		{ "irq_handler_exit: irq=25 ret=handled", "irq- /25" },
		{ "irq_handler_exit: irq=25 ret=1", "irq- /25" },
		{ "local_timer_entry: vector=236", "irq+ local_timer/236" },
		{ "call_function_single_exit:  vector=251", "irq- call_function_single/251" },
		{ "irq_work_entry: vector=0xf6 (246)", "irq+ irq_work/246" },
		{ "ipi_entry: (Rescheduling interrupts)", "irq+ ipi/-1" },
		{ "ipi_exit: (Rescheduling interrupts)", "irq- ipi/-1" },
		/* of other systems, though they end like irq_vectors */
		{ "hrtimer_expire_entry: hrtimer=00000000b now=1", "other" },
		{ "vector_activate: irq=1 is_managed=0 can_reserve=1 reserve=0", "other" },
		{ "softirq_entry: vec=1 [action=TIMER]", "softirq+ TIMER/1" },
		{ "softirq_exit:         vec=9", "softirq- RCU/9" },
		{ "softirq_exit: vec=77", "softirq- /77" },
		{ "softirq_raise: vec=1 [action=TIMER]", "other" },
		{ "nmi_handler: perf_event_nmi_handler() delta_ns: 3442 handled: 1",
		  "nmi perf_event_nmi_handler/-1 3442" },
		{ "nmi_handler: handler=0xffffffff81 delta_ns=3442 handled=1", "nmi nmi/-1 3442" },
		{ "irq_disable: caller=a+0x1/0x2 parent=b", "irqs_off" },
		{ "irq_enable: caller=a parent=b", "irqs_on" },
		{ "preempt_disable: caller=a parent=b", "preempt_off" },
		{ "preempt_enable: caller=a parent=b", "preempt_on" },
	};

	(void)state;
	CHECK_BODIES(cases);
}

static void test_osnoise(void **state)
{
	static const struct body_case cases[] = {
		{ "irq_noise: virtio0-requests:25 start 13.095121736 duration 1987 ns",
		  "irq_noise virtio0-requests/25 1987" },
		{ "irq_noise: a start :b:25 start 13.095121736 duration 1987 ns",
		  "irq_noise a start :b/25 1987" },
		{ "irq_noise:             start=21177854260 duration=147524 desc=local timer vector=236",
		  "irq_noise local timer/236 147524" },
		{ "softirq_noise:    TIMER:1 start 13.095121736 duration 1987 ns",
		  "softirq_noise TIMER/1 1987" },
		{ "softirq_noise: start=1 duration=1987 vector=1", "softirq_noise /1 1987" },
		{ "nmi_noise: start 13.095121736 duration 1987 ns", "nmi_noise nmi/-1 1987" },
		{ "nmi_noise: start=1 duration=1987", "nmi_noise nmi/-1 1987" },
		{ "thread_noise:     bash:179 start 13.093175915 duration 2968684 ns",
		  "thread_noise bash:179 2968684" },
		{ "thread_noise: kworker/0:1:24 start 13.093175915 duration 1 ns",
		  "thread_noise kworker/0:1:24 1" },
		{ "thread_noise:          comm=swapper/0 start=21178579315 duration=13180 pid=0",
		  "thread_noise swapper/0:0 13180" },
		{ "#5751  context    irq timer_latency   1808679 ns", "timerlat #5751 0 1808679" },
		{ "#5751  context thread timer_latency   1808679 ns", "timerlat #5751 1 1808679" },
		{ "#5751  context user-ret timer_latency   1808679 ns", "timerlat #5751 2 1808679" },
		{ "timerlat:             seq:11\tcontext:1\ttimer_latency:140120",
		  "timerlat #11 1 140120" },
		{ "timerlat:              seqnum=11 context=0 timer_latency=140120",
		  "timerlat #11 0 140120" },
		{ "timerlat_sample: timer_latency=140120 seqnum=11 context=2", "timerlat #11 2 140120" },
	};

	(void)state;
	CHECK_BODIES(cases);
}

/* The requested CPU of an unbound item is the kernel's NR_CPUS: more than the three seen. */
static void test_work(void **state)
{
	static const struct body_case cases[] = {
		{ "workqueue_queue_work: work struct=0xff4355e17e620a90 function=refresh_vm_stats "
		  "workqueue=mm_percpu_wq req_cpu=2 cpu=2",
		  "queue ff4355e17e620a90 refresh_vm_stats mm_percpu_wq 2 2" },
		{ "workqueue_queue_work: work struct=00000000236d2b1b function=f+0x0/0x10 [mod] "
		  "workqueue=a b req_cpu=8192 cpu=-1", "queue 236d2b1b f a b -1 -1" },
		{ "workqueue_queue_work: work struct=ffff88003f8 function=vmstat_update "
		  "workqueue=ffff88003f80a000 req_cpu=0 cpu=0",
		  "queue ffff88003f8 vmstat_update  0 0" },
		{ "workqueue_queue_work:  work=0xff function=f workqueue=events req_cpu=0 cpu=0",
		  "queue ff f events 0 0" },
		{ "workqueue_activate_work: work struct 0xff4355", "activate ff4355 " },
		{ "workqueue_activate_work: work struct 00ff4355 function=refresh_vm_stats ",
		  "activate ff4355 refresh_vm_stats" },
		{ "workqueue_execute_start: work struct 0xff4355: function kfree_rcu_monitor",
		  "start ff4355 kfree_rcu_monitor" },
		{ "workqueue_execute_start: work=0xff (-25) function=f+0x0/0x10 (-21)", "start ff f" },
		{ "workqueue_execute_end: work struct 0xff4355", "end ff4355 " },
		{ "contention_begin: 0xffff8881 (flags=SPIN)", "lock+ ffff8881 1" },
		{ "contention_begin: 00000000c5e83ac (flags=RT|PERCPU|MUTEX|0x40)", "lock+ c5e83ac 120" },
		{ "contention_begin: 0xffff8881 (flags=)", "lock+ ffff8881 0" },
		{ "contention_begin: lock_addr=0xffff8881 (-2096156416) flags=0x3 (3)",
		  "lock+ ffff8881 3" },
		{ "contention_end: 0xffff8881 (ret=-4)", "lock- ffff8881 -4" },
		{ "contention_end: lock_addr=0xffff8881 ret=0", "lock- ffff8881 0" },
	};

	(void)state;
	CHECK_BODIES(cases);
}

#define HEAD "            bash-99      [002] d..2.  10.00000"

static void test_stacks(void **state)
{
	static const struct line_case cases[] = {
		/* handed on once it is whole, before what follows it */
		{ HEAD "1: foo: bar\n" HEAD "2: <stack trace>\n => do_idle\n => start_kernel+0x1/0x2\n"
		  HEAD "3: foo: bar\n",
		  "10000001000 2 99 d/2 other\n10000002000 2 99 d/2 stack do_idle start_kernel\n"
		  "10000003000 2 99 d/2 other\n" },
		/* at the end of the text */
		{ HEAD "2: <stack trace>\n => do_idle <ffffffff813c59a6>\n",
		  "10000002000 2 99 d/2 stack do_idle\n" },
		/* trace-cmd report, with and without its plugin */
		{ HEAD "2: kernel_stack:         <stack trace >\n=> do_idle (ffffffff813c59a6)\n=> f "
		  "[mod] (ffffffffc0000000)\n", "10000002000 2 99 d/2 stack do_idle f\n" },
		{ HEAD "2: kernel_stack:         => do_idle\n=> (f)\n",
		  "10000002000 2 99 d/2 stack do_idle f\n" },
		/* in a log */
		{ "[    1.000001]   <idle>-0         0d.h1. 12us : <stack trace>\n[    1.000002]  => a\n"
		  "[    1.000003]  => b\n", "12000 0 0 dh/1 stack a b\n" },
		/* frames of user space, and of nothing, belong to no kernel stack */
		{ HEAD "1: <stack trace>\n => a\n" HEAD "2: <user stack trace>\n =>  <00007f4a>\n",
		  "10000001000 2 99 d/2 stack a\n10000002000 2 99 d/2 other\n" },
		{ " => a\n" HEAD "1: foo: bar\n => b\n", "10000001000 2 99 d/2 other\n" },
		/* an event of a thread whose name looks like a frame ends it */
		{ HEAD "1: <stack trace>\n => a\n            => b-7       [001] .....  11.000000: foo: bar\n",
		  "10000001000 2 99 d/2 stack a\n11000000000 1 7 /0 other\n" },
	};

	(void)state;
	CHECK(cases);
}

static void test_deep_stack(void **state)
{
	char text[4096] = HEAD "1: <stack trace>\n";
	struct text_fed fed;
	size_t nr = 0;

	(void)state;
	for (int i = 0; i < 2 * STACK_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " => f%d\n", i);
	fed = text_feed(text, strlen(text), TEXT_FEED_FILE, EVENT_WORDS_ALL);
	for (const char *at = fed.events; (at = strstr(at, " f")); at++)
		nr++;
	assert_int_equal(nr, STACK_MAX);
	free(fed.events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_hostile_column_comm),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_osnoise),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_deep_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "stallbench.h"

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/rtmutex.h>
#include <linux/timekeeping.h>
#include <linux/version.h>
#include <uapi/linux/sched/types.h>

#define NR_LOCKS 4
#define GAP_NS 3000

static struct rt_mutex locks[NR_LOCKS];

static void op_note(struct operation *op, const char *what)
{
	truth_note("%s.%s.%s", op->actor->name, op->name, what);
}

static u64 op_us(struct operation *op, int i)
{
	u64 us = 0;

	if (i < op->nr_args && kstrtou64(op->args[i], 10, &us))
		return 0;
	return us * NSEC_PER_USEC;
}

/*
 * Keep the CPU for args[0] us, and until that long after the label args[1] was noted. From then on, or from
 * the beginning where there is no label, what the loop did not see of the time adds up to gap_ns:
 * interrupts, other threads, and the host that had better things to do.
 */
static int op_keep_cpu(struct operation *op)
{
	u64 us = op_us(op, 0), began_at, from_at, last_at, now;

	began_at = from_at = ktime_get_mono_fast_ns();
	op_note(op, "begin");
	if (op->nr_args > 1) {
		while (!(from_at = truth_find(op->args[1]))) {
			if (truth_is_too_late(began_at))
				return -ETIMEDOUT;
			cpu_relax();
		}
		from_at = max(from_at, began_at);
	}
	last_at = from_at;
	while ((now = ktime_get_mono_fast_ns()) < from_at + us) {
		if (now - last_at > GAP_NS)
			op->gap_ns += now - last_at;
		last_at = now;
		cpu_relax();
	}
	op_note(op, "end");
	now = ktime_get_mono_fast_ns();
	if (now - last_at > GAP_NS)
		op->gap_ns += now - last_at;
	op->has_gap = true;
	return 0;
}

static int op_spin(struct operation *op)
{
	return op_keep_cpu(op);
}

static int op_irqsoff(struct operation *op)
{
	int ret;

	local_irq_disable();
	ret = op_keep_cpu(op);
	local_irq_enable();
	return ret;
}

static int op_preemptoff(struct operation *op)
{
	int ret;

	preempt_disable();
	ret = op_keep_cpu(op);
	preempt_enable();
	return ret;
}

static enum hrtimer_restart stallbench_hardirq(struct hrtimer *timer)
{
	struct operation *op = container_of(timer, struct operation, hrtimer);

	op_keep_cpu(op);
	complete(&op->done);
	return HRTIMER_NORESTART;
}

static void stallbench_tasklet(struct tasklet_struct *tasklet)
{
	struct operation *op = container_of(tasklet, struct operation, tasklet);

	op_keep_cpu(op);
	complete(&op->done);
}

static void stallbench_timer(struct timer_list *timer)
{
	struct operation *op = container_of(timer, struct operation, timer);

	op_keep_cpu(op);
	complete(&op->done);
}

static void stallbench_poke(struct timer_list *timer)
{
	op_note(container_of(timer, struct operation, timer), "ran");
}

static void stallbench_work(struct work_struct *work)
{
	op_note(container_of(work, struct operation, work), "ran");
}

static void hrtimer_make(struct hrtimer *timer, enum hrtimer_restart (*expired)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = expired;
#endif
}

static int op_wait_done(struct operation *op)
{
	if (!wait_for_completion_timeout(&op->done, msecs_to_jiffies(limit_ms)))
		return -ETIMEDOUT;
	return 0;
}

static int op_hardirq(struct operation *op)
{
	hrtimer_make(&op->hrtimer, stallbench_hardirq);
	hrtimer_start(&op->hrtimer, ns_to_ktime(NSEC_PER_MSEC), HRTIMER_MODE_REL_PINNED_HARD);
	return op_wait_done(op);
}

static int op_tasklet(struct operation *op)
{
	tasklet_setup(&op->tasklet, stallbench_tasklet);
	tasklet_schedule(&op->tasklet);
	return op_wait_done(op);
}

static int op_timer(struct operation *op)
{
	timer_setup(&op->timer, stallbench_timer, TIMER_PINNED);
	mod_timer(&op->timer, jiffies + 1);
	return op_wait_done(op);
}

static int op_poke(struct operation *op)
{
	unsigned int cpu;

	if (kstrtouint(op->args[0], 10, &cpu) || !cpu_online(cpu))
		return -EINVAL;
	timer_setup(&op->timer, stallbench_poke, TIMER_PINNED);
	op->timer.expires = jiffies + 1;
	add_timer_on(&op->timer, cpu);
	op_note(op, "queued");
	return 0;
}

/* Off its CPU and not ready: a thread that was preempted on its way to sleep is still queued. */
static bool is_dequeued(struct task_struct *task)
{
	if (READ_ONCE(task->on_cpu) || !(READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE))
		return false;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* A fair thread may stay queued for a while as it sleeps. */
	if (READ_ONCE(task->se.sched_delayed))
		return true;
#endif
	return !READ_ONCE(task->on_rq);
}

/* Wait until an actor sleeps and is off its CPU: only then is a waking the beginning of its wait. */
static int await_asleep(struct actor *sleeper)
{
	u64 began_at = ktime_get_mono_fast_ns();

	while (!READ_ONCE(sleeper->is_asleep) || !is_dequeued(sleeper->task)) {
		if (truth_is_too_late(began_at))
			return -ETIMEDOUT;
		usleep_range(500, 1000);
	}
	return 0;
}

static void op_wake_now(struct operation *op, struct actor *sleeper)
{
	op_note(op, "before");
	WRITE_ONCE(sleeper->is_woken, true);
	wake_up_process(sleeper->task);
	op_note(op, "after");
}

static int op_wake(struct operation *op)
{
	struct actor *sleeper = actor_find(op->args[0]);

	if (!sleeper)
		return -ENOENT;
	if (await_asleep(sleeper))
		return -ETIMEDOUT;
	op_wake_now(op, sleeper);
	return 0;
}

static enum hrtimer_restart stallbench_hrwake(struct hrtimer *timer)
{
	struct operation *op = container_of(timer, struct operation, hrtimer);
	struct actor *sleeper = actor_find(op->args[0]);

	u64 from_at;

	if (sleeper)
		op_wake_now(op, sleeper);
	from_at = ktime_get_mono_fast_ns();
	while (ktime_get_mono_fast_ns() < from_at + op_us(op, 2))
		cpu_relax();
	op_note(op, "end");
	return HRTIMER_NORESTART;
}

static int op_hrwake(struct operation *op)
{
	struct actor *sleeper = actor_find(op->args[0]);

	if (!sleeper)
		return -ENOENT;
	if (await_asleep(sleeper))
		return -ETIMEDOUT;
	hrtimer_make(&op->hrtimer, stallbench_hrwake);
	hrtimer_start(&op->hrtimer, ns_to_ktime(op_us(op, 1)), HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int op_sleep(struct operation *op)
{
	u64 began_at = ktime_get_mono_fast_ns();
	struct actor *actor = op->actor;

	op_note(op, "asleep");
	WRITE_ONCE(actor->is_asleep, true);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (READ_ONCE(actor->is_woken) || truth_is_too_late(began_at))
			break;
		schedule_timeout(msecs_to_jiffies(limit_ms) + 1);
	}
	__set_current_state(TASK_RUNNING);
	op_note(op, "ran");
	WRITE_ONCE(actor->is_asleep, false);
	if (!READ_ONCE(actor->is_woken))
		return -ETIMEDOUT;
	WRITE_ONCE(actor->is_woken, false);
	return 0;
}

static int op_nap(struct operation *op)
{
	u64 us = op_us(op, 0) / NSEC_PER_USEC;

	op_note(op, "begin");
	usleep_range(us, us + 50);
	op_note(op, "end");
	return 0;
}

static int op_await(struct operation *op)
{
	int ret = truth_await(op->args[0]);

	if (!ret)
		op_note(op, "end");
	return ret;
}

static struct rt_mutex *op_mutex(struct operation *op)
{
	unsigned int i;

	if (kstrtouint(op->args[0], 10, &i) || i >= NR_LOCKS)
		return NULL;
	return &locks[i];
}

static int op_lock(struct operation *op)
{
	struct rt_mutex *mutex = op_mutex(op);

	if (!mutex)
		return -EINVAL;
	op_note(op, "before");
	WRITE_ONCE(op->actor->is_locking, true);
	rt_mutex_lock(mutex);
	WRITE_ONCE(op->actor->is_locking, false);
	op_note(op, "after");
	return 0;
}

static int op_asleep(struct operation *op)
{
	struct actor *other = actor_find(op->args[0]);

	if (!other)
		return -ENOENT;
	if (await_asleep(other))
		return -ETIMEDOUT;
	op_note(op, "end");
	return 0;
}

static int op_blocked(struct operation *op)
{
	u64 began_at = ktime_get_mono_fast_ns();
	struct actor *other = actor_find(op->args[0]);

	if (!other)
		return -ENOENT;
	/* While the owner runs it may spin instead; it lends its rank all the same. */
	while (!READ_ONCE(other->is_locking) || READ_ONCE(other->task->on_cpu) ||
	       !(READ_ONCE(other->task->__state) & TASK_UNINTERRUPTIBLE)) {
		if (truth_is_too_late(began_at))
			return -ETIMEDOUT;
		usleep_range(500, 1000);
	}
	op_note(op, "end");
	return 0;
}

static int op_unlock(struct operation *op)
{
	struct rt_mutex *mutex = op_mutex(op);

	if (!mutex)
		return -EINVAL;
	op_note(op, "before");
	rt_mutex_unlock(mutex);
	op_note(op, "after");
	return 0;
}

static int op_work(struct operation *op)
{
	unsigned int cpu;

	if (kstrtouint(op->args[0], 10, &cpu) || !cpu_online(cpu))
		return -EINVAL;
	INIT_WORK(&op->work, stallbench_work);
	op_note(op, "before");
	schedule_work_on(cpu, &op->work);
	flush_work(&op->work);
	op_note(op, "after");
	return 0;
}

static int op_rcu(struct operation *op)
{
	op_note(op, "before");
	synchronize_rcu();
	op_note(op, "after");
	return 0;
}

static int op_move(struct operation *op)
{
	struct actor *other = actor_find(op->args[0]);
	unsigned int cpu;
	int ret;

	if (!other || op->nr_args < 2 || kstrtouint(op->args[1], 10, &cpu) || !cpu_online(cpu))
		return -EINVAL;
	op_note(op, "before");
	ret = set_cpus_allowed_ptr(other->task, cpumask_of(cpu));
	op_note(op, "after");
	return ret;
}

int op_set_policy(char *word, char *first, char *second)
{
	struct sched_attr attr = { .size = sizeof(attr) };
	int a = 0, b = 0;

	if (first && kstrtoint(first, 10, &a))
		return -EINVAL;
	if (second && kstrtoint(second, 10, &b))
		return -EINVAL;
	if (!strcmp(word, "other")) {
		attr.sched_policy = SCHED_NORMAL;
		attr.sched_nice = a;
	} else if (!strcmp(word, "idle")) {
		attr.sched_policy = SCHED_IDLE;
	} else if (!strcmp(word, "fifo") || !strcmp(word, "rr")) {
		attr.sched_policy = word[0] == 'f' ? SCHED_FIFO : SCHED_RR;
		attr.sched_priority = a;
	} else if (!strcmp(word, "dl")) {
		attr.sched_policy = SCHED_DEADLINE;
		attr.sched_runtime = (u64)a * NSEC_PER_USEC;
		attr.sched_period = (u64)b * NSEC_PER_USEC;
		attr.sched_deadline = attr.sched_period;
	} else {
		return -EINVAL;
	}
	return sched_setattr_nocheck(current, &attr);
}

static int op_become(struct operation *op)
{
	int ret = op_set_policy(op->args[0], op->args[1], op->args[2]);

	if (!ret)
		op_note(op, "end");
	return ret;
}

static const struct {
	const char *word;
	int min_args;
	int (*run)(struct operation *op);
} words[] = {
	{ "sleep", 0, op_sleep },	{ "nap", 1, op_nap },		{ "await", 1, op_await },
	{ "spin", 1, op_spin },		{ "irqsoff", 1, op_irqsoff },	{ "preemptoff", 1, op_preemptoff },
	{ "hardirq", 1, op_hardirq },	{ "tasklet", 1, op_tasklet },	{ "timer", 1, op_timer },
	{ "poke", 1, op_poke },		{ "wake", 1, op_wake },		{ "hrwake", 3, op_hrwake },
	{ "lock", 1, op_lock },		{ "unlock", 1, op_unlock },	{ "blocked", 1, op_blocked },
	{ "asleep", 1, op_asleep },
	{ "work", 1, op_work },
	{ "rcu", 0, op_rcu },		{ "move", 2, op_move },		{ "become", 1, op_become },
};

int op_run(struct operation *op)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, op->word))
			return words[i].run(op);
	return -EINVAL;
}

bool op_is_whole(struct operation *op)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, op->word))
			return op->nr_args >= words[i].min_args;
	return false;
}

void op_stop(struct operation *op)
{
	if (op->hrtimer.function)
		hrtimer_cancel(&op->hrtimer);
	if (op->timer.function)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
		timer_delete_sync(&op->timer);
#else
		del_timer_sync(&op->timer);
#endif
}

void op_init_locks(void)
{
	int i;

	for (i = 0; i < NR_LOCKS; i++)
		rt_mutex_init(&locks[i]);
}

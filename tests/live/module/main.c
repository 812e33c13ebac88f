// SPDX-License-Identifier: GPL-2.0-only
/*
 * stallbench - makes kernel threads wait, on command, and writes down when it did what.
 *
 * The truth of the test bench. A test starts *actors*: kernel threads of a given name, CPU, policy and
 * priority that carry out a list of operations and then end. Each operation notes the instants around
 * what it does, on the trace clocks "mono" and "local", under the name ACTOR.OPERATION.WHAT; so a test
 * knows an instant before and one after whatever an event of the trace claims.
 *
 *     waker:   wake.before |  wake.after
 *     trace:         sched_waking                               sched_switch to victim
 *     hog:                            spin ...        spin.end       |
 *     victim:                                                        | sleep.ran
 *
 *     began in [wake.before, wake.after], ended in [spin.end, sleep.ran], whatever the machine's load
 *
 * Write one command at a time to /proc/stallbench:
 *     actor NAME CPU POLICY OPERATION...   CPU - any;
 *                                          POLICY other[:NICE], idle, fifo:N, rr:N, dl:RUNTIME:PERIOD (us)
 *     stamp LABEL                          note this instant
 *     await LABEL MS                       return when LABEL is noted, fail after MS
 *     join MS                              return when all actors have ended, fail after MS
 *     reset                                forget everything; refused while actors are there
 * Read it for the truth, in lines:
 *     at LABEL MONO LOCAL CPU
 *     thread NAME TID
 *     value ACTOR.OPERATION.gaps NS        of an operation that kept the CPU: when it did not have it
 * Operations are WORD[:ARGUMENT...], or NAME=WORD[:ARGUMENT...] to be noted under another name. Times are
 * in us. LABEL as an argument prolongs the operation until that long after LABEL was noted.
 *     sleep                   sleep until woken by another actor        asleep ran
 *     nap:US                  a timed sleep                             begin end
 *     await:LABEL             a timed sleep until LABEL is noted        end
 *     spin:US[:LABEL]         keep the CPU, preemptible                 begin end
 *     irqsoff:US[:LABEL]      with interrupts off                       begin end
 *     preemptoff:US[:LABEL]   with preemption off                       begin end
 *     hardirq:US[:LABEL]      in a hard interrupt of this CPU; sleeps   begin end
 *     tasklet:US[:LABEL]      in a tasklet of this CPU; sleeps          begin end
 *     timer:US[:LABEL]        in a timer's softirq of this CPU; sleeps  begin end
 *     poke:CPU                let a timer fire on CPU; does not wait    queued ran
 *     wake:NAME               wake an actor that sleeps                 before after
 *     hrwake:NAME:US:MORE_US  the same from a hard interrupt of this CPU, US from now, which then goes on
 *                             for MORE_US; does not wait                before after end
 *     lock:N, unlock:N        an rt_mutex, 0..3                         before after
 *     asleep:NAME             wait until that actor sleeps in "sleep"   end
 *     blocked:NAME            wait until that actor is held up by a lock  end
 *     work:CPU                queue work on CPU and wait for its end    before ran after
 *     rcu                     wait for a grace period                   before after
 *     move:NAME:CPU           let an actor run on CPU only              before after
 *     become:POLICY           change the own policy                     end
 * Nothing waits longer than limit_ms; what would, notes ACTOR.failed and ends.
 */
#include "stallbench.h"

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#define NR_ACTORS 64
#define NR_OPERATIONS 16

unsigned int limit_ms = 60000;
module_param(limit_ms, uint, 0644);

static struct actor *actors[NR_ACTORS];
static int nr_actors;
static DEFINE_MUTEX(command_lock);

struct actor *actor_find(const char *name)
{
	int i;

	for (i = 0; i < nr_actors; i++)
		if (actors[i] && !strcmp(actors[i]->name, name))
			return actors[i];
	return NULL;
}

static int actor_main(void *arg)
{
	struct actor *actor = arg;
	char *policy = actor->policy, *word = strsep(&policy, ":"), *first = strsep(&policy, ":");
	int i, ret;

	/* First the policy: a fair thread may never run on the CPU it is told to go to. */
	ret = op_set_policy(word, first, policy);
	if (!ret && actor->cpu >= 0)
		ret = set_cpus_allowed_ptr(current, cpumask_of(actor->cpu));
	if (!ret)
		truth_note("%s.ready", actor->name);
	for (i = 0; !ret && i < actor->nr_ops; i++)
		ret = op_run(&actor->ops[i]);
	if (ret)
		truth_note("%s.failed", actor->name);
	truth_note("%s.ended", actor->name);
	WRITE_ONCE(actor->has_ended, true);
	return ret;
}

/* NAME=WORD:ARGUMENT... */
static int op_parse(struct operation *op, struct actor *actor, char *text)
{
	char *word, *equals = strchr(text, '=');

	op->actor = actor;
	init_completion(&op->done);
	if (equals) {
		*equals = '\0';
		strscpy(op->name, text, sizeof(op->name));
		text = equals + 1;
	}
	word = strsep(&text, ":");
	strscpy(op->word, word, sizeof(op->word));
	if (!equals)
		strscpy(op->name, word, sizeof(op->name));
	while (text && op->nr_args < NR_ARGS)
		op->args[op->nr_args++] = strsep(&text, ":");
	return op_is_whole(op) ? 0 : -EINVAL;
}

static void actor_free(struct actor *actor)
{
	int i;

	if (!actor)
		return;
	for (i = 0; i < actor->nr_ops; i++)
		op_stop(&actor->ops[i]);
	if (actor->task)
		put_task_struct(actor->task);
	kfree(actor->ops);
	kfree(actor);
}

/* NAME CPU POLICY OPERATION... */
static int actor_create(const char *text)
{
	struct task_struct *task;
	char *rest, *word;
	struct actor *actor;
	int ret = -EINVAL;

	if (nr_actors == NR_ACTORS)
		return -ENOSPC;
	actor = kzalloc(sizeof(*actor), GFP_KERNEL);
	if (!actor)
		return -ENOMEM;
	actor->ops = kcalloc(NR_OPERATIONS, sizeof(*actor->ops), GFP_KERNEL);
	if (!actor->ops) {
		kfree(actor);
		return -ENOMEM;
	}
	strscpy(actor->command, text, sizeof(actor->command));
	rest = actor->command;
	word = strsep(&rest, " ");
	strscpy(actor->name, word, sizeof(actor->name));
	word = strsep(&rest, " ");
	actor->cpu = -1;
	if (!word || !rest || (strcmp(word, "-") && kstrtoint(word, 10, &actor->cpu)))
		goto fail;
	if (actor->cpu >= 0 && !cpu_online(actor->cpu))
		goto fail;
	actor->policy = strsep(&rest, " ");
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (actor->nr_ops == NR_OPERATIONS || op_parse(&actor->ops[actor->nr_ops++], actor, word))
			goto fail;
	}
	task = kthread_create(actor_main, actor, "%s", actor->name);
	if (IS_ERR(task)) {
		ret = PTR_ERR(task);
		goto fail;
	}
	get_task_struct(task);
	actor->task = task;
	actors[nr_actors++] = actor;
	wake_up_process(task);
	return 0;
fail:
	actor_free(actor);
	return ret;
}

static int actors_join(unsigned int ms)
{
	u64 began_at = ktime_get_mono_fast_ns();
	int i;

	for (i = 0; i < nr_actors; i++)
		while (!READ_ONCE(actors[i]->has_ended)) {
			if (ktime_get_mono_fast_ns() - began_at > (u64)ms * NSEC_PER_MSEC)
				return -ETIMEDOUT;
			msleep(5);
		}
	return 0;
}

static int reset(void)
{
	int i;

	if (actors_join(0))
		return -EBUSY;
	for (i = 0; i < nr_actors; i++) {
		actor_free(actors[i]);
		actors[i] = NULL;
	}
	nr_actors = 0;
	truth_reset();
	return 0;
}

static int command_await(char *text)
{
	char *label = strsep(&text, " ");
	u64 began_at = ktime_get_mono_fast_ns();
	unsigned int ms;

	if (!text || kstrtouint(text, 10, &ms))
		return -EINVAL;
	while (!truth_find(label)) {
		if (ktime_get_mono_fast_ns() - began_at > (u64)ms * NSEC_PER_MSEC)
			return -ETIMEDOUT;
		if (signal_pending(current))
			return -EINTR;
		msleep(2);
	}
	return 0;
}

static int command_run(char *text)
{
	char *word = strsep(&text, " ");
	unsigned int ms;
	int ret;

	if (!strcmp(word, "stamp") && text) {
		truth_note("%s", text);
		return 0;
	}
	if (!strcmp(word, "await") && text)
		return command_await(text);
	if (!strcmp(word, "join") && text && !kstrtouint(text, 10, &ms))
		return actors_join(ms);
	mutex_lock(&command_lock);
	if (!strcmp(word, "actor") && text)
		ret = actor_create(text);
	else if (!strcmp(word, "reset"))
		ret = reset();
	else
		ret = -EINVAL;
	mutex_unlock(&command_lock);
	return ret;
}

static ssize_t stallbench_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char *text;
	int ret;

	if (len == 0 || len >= COMMAND_LEN)
		return -EINVAL;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = command_run(strim(text));
	kfree(text);
	return ret ? ret : len;
}

static void actor_show(struct seq_file *seq, struct actor *actor)
{
	int i;

	seq_printf(seq, "thread %s %d\n", actor->name, actor->task->pid);
	for (i = 0; i < actor->nr_ops; i++)
		if (actor->ops[i].has_gap)
			seq_printf(seq, "value %s.%s.gaps %llu\n", actor->name, actor->ops[i].name,
				   actor->ops[i].gap_ns);
}

static int stallbench_show(struct seq_file *seq, void *unused)
{
	int i;

	truth_show(seq);
	mutex_lock(&command_lock);
	for (i = 0; i < nr_actors; i++)
		actor_show(seq, actors[i]);
	mutex_unlock(&command_lock);
	return 0;
}

static int stallbench_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, stallbench_show, NULL, 256 * 1024);
}

static const struct proc_ops stallbench_proc_ops = {
	.proc_open = stallbench_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = stallbench_write,
};

static int __init stallbench_init(void)
{
	op_init_locks();
	return proc_create("stallbench", 0600, NULL, &stallbench_proc_ops) ? 0 : -ENOMEM;
}

static void __exit stallbench_exit(void)
{
	remove_proc_entry("stallbench", NULL);
	actors_join(limit_ms);
	reset();
}

module_init(stallbench_init);
module_exit(stallbench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("makes kernel threads wait, for the tests of rtla-stall");

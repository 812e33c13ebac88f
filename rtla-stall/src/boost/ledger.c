// SPDX-License-Identifier: GPL-2.0-only
#include "ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/error.h"
#include "ledger_shared.h"

/* ---- restoring -------------------------------------------------------------------------------- */

int ledger_give_back_admission(struct ledger *ledger)
{
	struct ledger_head *head = &ledger->file.shared->head;
	int64_t now_us;
	int result;

	if (!atomic_load(&head->is_admission_lifted))
		return 0;
	result = ledger->sys->ops->get_rt_runtime(ledger->sys, &now_us);
	/* another value is somebody else's */
	if (!result && now_us == -1)
		result = ledger->sys->ops->set_rt_runtime(ledger->sys, head->admission_us);
	if (!result)
		atomic_store(&head->is_admission_lifted, 0);
	return result;
}

/* What it says, whole. Return: false: the other process has restored it; it may be another boost's. */
static bool copy_slot(struct ledger_slot *slot, uint64_t word, struct ledger_slot *ret)
{
	memcpy(ret, slot, sizeof(*ret));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load(&slot->word) == word;
}

/*
 * Two processes may be at it; who comes too late leaves the state to the other. @word: of the boost that is
 * meant; @held: its files; NULL: they are opened for it. Return: enum ledger_fate; LEDGER_RESTORED_LATE: the
 * other one does it.
 */
static uint8_t restore_slot(struct ledger *ledger, struct ledger_slot *slot, uint64_t word,
			    const struct sched_sys_thread *held, int *code)
{
	uint64_t serial = ledger_slot_serial(word);
	uint64_t taken = ledger_slot_word(serial, LEDGER_SLOT_RESTORING);
	struct ledger_slot copy;
	uint8_t fate;

	*code = 0;
	if (ledger_slot_state(word) == LEDGER_SLOT_FREE ||
	    !atomic_compare_exchange_strong(&slot->word, &word, taken) || !copy_slot(slot, taken, &copy))
		return LEDGER_RESTORED_LATE;
	fate = ledger_slot_restore(ledger->sys, &copy, held, code);
	atomic_compare_exchange_strong(&slot->word, &taken,
				       ledger_slot_word(serial, fate == LEDGER_FAILED ? LEDGER_SLOT_FAILED :
										       LEDGER_SLOT_FREE));
	return fate;
}

/* @word: what it was when it was looked at */
static struct ledger_slot *find_newest(struct ledger *ledger, uint64_t before_serial, uint64_t *word)
{
	struct ledger_slot *newest = NULL;

	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		struct ledger_slot *slot = &ledger->file.shared->slots[i];
		uint64_t now = atomic_load(&slot->word);

		if (ledger_slot_state(now) == LEDGER_SLOT_FREE || ledger_slot_serial(now) >= before_serial ||
		    (newest && ledger_slot_serial(now) < ledger_slot_serial(*word)))
			continue;
		newest = slot;
		*word = now;
	}
	return newest;
}

static int explain_failure(const struct ledger_slot *slot, int code, struct error *err)
{
	return error_set(err, code, "thread %d is still %s: it cannot be restored: %s", (int)slot->tid,
			 sched_sys_policy_name(slot->set.policy), strerror(-code));
}

static int explain_admission(int code, struct error *err)
{
	return error_set(err, code, "sched_rt_runtime_us cannot be given back: %s", strerror(-code));
}

static int restore_all(struct ledger *ledger, struct ledger_leftover *leftover, struct error *err)
{
	uint64_t before_serial = UINT64_MAX;
	struct ledger_slot *slot;
	uint64_t word = 0;
	int first = 0;
	int code;

	while ((slot = find_newest(ledger, before_serial, &word))) {
		before_serial = ledger_slot_serial(word);
		switch (restore_slot(ledger, slot, word, NULL, &code)) {
		case LEDGER_RESTORED:
		case LEDGER_RESTORED_LATE:
			leftover->nr_restored++;
			break;
		case LEDGER_CHANGED:
			leftover->nr_changed++;
			break;
		case LEDGER_GONE:
			leftover->nr_gone++;
			break;
		default:
			leftover->nr_failed++;
			if (!first)
				first = explain_failure(slot, code, err);
			break;
		}
	}
	leftover->was_admission_restored = atomic_load(&ledger->file.shared->head.is_admission_lifted);
	code = ledger_give_back_admission(ledger);
	if (code && !first)
		first = explain_admission(code, err);
	return first;
}

int ledger_restore_all(struct ledger *ledger, struct error *err)
{
	struct ledger_leftover ignored = { 0 };

	return restore_all(ledger, &ignored, err);
}

uint32_t ledger_retry(struct ledger *ledger, struct error *err)
{
	uint32_t nr_left = 0;
	int code;

	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		struct ledger_slot *slot = &ledger->file.shared->slots[i];
		uint64_t word = atomic_load(&slot->word);

		if (ledger_slot_state(word) != LEDGER_SLOT_FAILED ||
		    restore_slot(ledger, slot, word, NULL, &code) != LEDGER_FAILED)
			continue;
		explain_failure(slot, code, err);
		nr_left++;
	}
	code = ledger_give_back_admission(ledger);
	if (!code)
		return nr_left;
	explain_admission(code, err);
	return nr_left + 1;
}

/* UINT64_MAX: never. What is only noted is being set right now: who does that restores it, or ends. */
static uint64_t late_at(const struct ledger_slot *slot, uint64_t word)
{
	if (ledger_slot_state(word) <= LEDGER_SLOT_NOTED)
		return UINT64_MAX;
	return slot->until_at < UINT64_MAX - LEDGER_GRACE_NS ? slot->until_at + LEDGER_GRACE_NS : UINT64_MAX;
}

uint32_t ledger_restore_late(struct ledger *ledger)
{
	uint64_t now_at = ledger->sys->ops->now(ledger->sys);
	uint32_t nr = 0;
	int code;

	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		struct ledger_slot *slot = &ledger->file.shared->slots[i];
		uint64_t word = atomic_load(&slot->word);

		if (late_at(slot, word) > now_at)
			continue;
		restore_slot(ledger, slot, word, NULL, &code);
		nr++;
	}
	return nr;
}

uint64_t ledger_late_in_ns(const struct ledger *ledger)
{
	uint64_t now_at = ledger->sys->ops->now(ledger->sys);
	uint64_t first_at = UINT64_MAX;

	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		const struct ledger_slot *slot = &ledger->file.shared->slots[i];
		uint64_t at = late_at(slot, atomic_load(&slot->word));

		if (at < first_at)
			first_at = at;
	}
	if (first_at == UINT64_MAX)
		return UINT64_MAX;
	return first_at > now_at ? first_at - now_at : 0;
}

uint32_t ledger_nr_boosted(const struct ledger *ledger)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < LEDGER_SLOTS; i++)
		nr += ledger_slot_state(atomic_load(&ledger->file.shared->slots[i].word)) != LEDGER_SLOT_FREE;
	return nr;
}

bool ledger_is_ours(const struct ledger *ledger)
{
	return ledger_file_is_ours(&ledger->file);
}

bool ledger_is_admission_lifted(const struct ledger *ledger)
{
	return atomic_load(&ledger->file.shared->head.is_admission_lifted);
}

/* ---- make and unmake -------------------------------------------------------------------------- */

int ledger_create(const char *dir, struct sched_sys *sys, struct ledger **ret,
		  struct ledger_leftover *leftover, struct error *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	struct ledger_leftover found = { 0 };
	struct ledger_head *head;
	uint64_t word;
	int result;

	if (!ledger)
		return error_set(err, -ENOMEM, "out of memory");
	result = ledger_file_open(dir, &ledger->file, err);
	if (result) {
		free(ledger);
		return result;
	}
	ledger->sys = sys;
	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		sched_sys_thread_init(&ledger->active[i].thread);
		sched_sys_thread_init(&ledger->prepared[i].thread);
	}
	head = &ledger->file.shared->head;
	if (find_newest(ledger, UINT64_MAX, &word) || head->is_admission_lifted) {
		found.pid = ledger->file.previous;
		/* what fails stays in its slot, and is tried again */
		if (restore_all(ledger, &found, NULL))
			found.was_admission_restored = !head->is_admission_lifted;
	}
	if (leftover)
		*leftover = found;
	*ret = ledger;
	return 0;
}

void ledger_let_go(struct ledger *ledger)
{
	for (uint32_t i = 0; i < LEDGER_SLOTS; i++) {
		ledger->sys->ops->let_go(ledger->sys, &ledger->active[i].thread);
		ledger->sys->ops->let_go(ledger->sys, &ledger->prepared[i].thread);
	}
}

void ledger_destroy(struct ledger *ledger)
{
	bool is_over;

	if (!ledger)
		return;
	is_over = !ledger_restore_all(ledger, NULL);
	ledger_let_go(ledger);
	ledger_file_close(&ledger->file, is_over);
	free(ledger);
}

const char *ledger_path(const struct ledger *ledger)
{
	return ledger->file.path;
}

uint32_t ledger_fds(const struct ledger *ledger, int fds[2])
{
	fds[0] = ledger->file.fd;
	fds[1] = ledger->sys->ops->kept_fd(ledger->sys);
	return 2;
}

/* ---- measuring and giving back ---------------------------------------------------------------- */

static struct active *find_active(struct ledger *ledger, struct ledger_id id)
{
	if (id.slot >= LEDGER_SLOTS || !ledger->active[id.slot].is_active ||
	    ledger->active[id.slot].serial != id.serial)
		return NULL;
	return &ledger->active[id.slot];
}

static struct ledger_usage measure(struct ledger *ledger, const struct active *active)
{
	struct ledger_usage usage = { 0 };
	struct sched_sys_look now;
	int result = ledger->sys->ops->look(ledger->sys, &active->thread, &now);

	usage.seen.is_gone = result == -ESRCH || (!result && (now.state == 'Z' || now.state == 'X'));
	if (result || usage.seen.is_gone)
		return usage;
	usage.has_granted = now.has_cpu_ns && active->base.has_cpu_ns;
	usage.granted_ns = now.cpu_ns > active->base.cpu_ns ? now.cpu_ns - active->base.cpu_ns : 0;
	usage.is_coarse = !usage.has_granted;
	usage.seen.has_run = usage.granted_ns || (now.has_nr_runs && now.nr_runs != active->base.nr_runs);
	usage.seen.is_asleep = now.state != 'R';
	return usage;
}

int ledger_measure(struct ledger *ledger, struct ledger_id id, struct ledger_usage *ret)
{
	const struct active *active = find_active(ledger, id);

	if (!active)
		return -ENOENT;
	*ret = measure(ledger, active);
	return 0;
}

int ledger_restore(struct ledger *ledger, struct ledger_id id, struct ledger_outcome *ret, struct error *err)
{
	struct active *active = find_active(ledger, id);
	struct ledger_outcome outcome = { .fate = LEDGER_GONE };
	struct ledger_slot *slot;
	uint64_t word;
	int code = 0;

	*ret = outcome;
	if (!active)
		return error_set(err, -ENOENT, "no such boost");
	slot = &ledger->file.shared->slots[id.slot];
	word = atomic_load(&slot->word);
	outcome.fate = restore_slot(ledger, slot, word, &active->thread, &code);
	outcome.restored_at = ledger->sys->ops->now(ledger->sys);
	outcome.usage = measure(ledger, active);
	ledger->sys->ops->let_go(ledger->sys, &active->thread);
	active->is_active = false;
	*ret = outcome;
	return outcome.fate == LEDGER_FAILED ? explain_failure(slot, code, err) : 0;
}

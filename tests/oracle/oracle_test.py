#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the oracle on traces short enough to count by hand, and of compare.py on wrong documents.

    oracle_test.py [-v]
"""

import copy
import sys
import unittest

sys.dont_write_bytecode = True     # nothing is left in the source tree

import compare
import oracle


def line(at, cpu, tid, text):
    return "            comm-%-5d [%03d] d.h2.    0.%09d: %s\n" % (tid, cpu, at, text)


def switch(at, cpu, prev, left, next_):
    return line(at, cpu, prev, "sched_switch: prev_comm=a b prev_pid=%d prev_prio=120 prev_state=%s ==> "
                "next_comm=] pid=9 next_pid=%d next_prio=98" % (prev, left, next_))


def wake(name, at, cpu, by, tid, target):
    return line(at, cpu, by, "%s: comm=x pid=1 pid=%d prio=120 target_cpu=%03d" % (name, tid, target))


def waking(at, cpu, by, tid, target=0):
    return wake("sched_waking", at, cpu, by, tid, target)


def wakeup(at, cpu, by, tid, target=0):
    return wake("sched_wakeup", at, cpu, by, tid, target)


def fork(at, cpu, parent, child):
    return line(at, cpu, parent, "sched_process_fork: comm=a pid=%d child_comm=a child_pid=%d" %
                (parent, child))


class Waits(unittest.TestCase):
    def check(self, lines, expected, reasons=()):
        """expected: {tid: [(waits, open, ns) of each identity that waited]}"""
        found = oracle.analyze(lines)
        answers = {}
        for thread in found.threads:
            if thread.waits:
                answers.setdefault(thread.tid, []).append((thread.waits, thread.open, thread.wait_ns))
        self.assertEqual(answers, expected)
        self.assertEqual({reason for thread in found.threads for reason in thread.reasons}, set(reasons))

    def test_begins_at_the_waking_not_the_wakeup(self):
        self.check([waking(100, 1, 7, 5), wakeup(130, 1, 7, 5), switch(150, 0, 0, "R", 5)],
                   {5: [(1, 0, 50)]})

    def test_wakeup_alone_begins(self):
        self.check([wakeup(130, 1, 7, 5), switch(150, 0, 0, "R", 5)], {5: [(1, 0, 20)]})

    def test_preemption_begins_with_and_without_plus(self):
        self.check([switch(100, 0, 5, "R+", 6), switch(110, 0, 6, "S", 5), switch(120, 0, 5, "R", 0),
                    switch(125, 0, 0, "R", 5)], {5: [(2, 0, 15)]})

    def test_race_begins_at_the_switch_out(self):
        for left in ("S", "D", "I"):
            self.check([switch(90, 0, 0, "R", 5), waking(100, 1, 7, 5), switch(110, 0, 5, left, 0),
                        wakeup(120, 1, 7, 5), switch(150, 0, 0, "R", 5)], {5: [(1, 0, 40)]})

    def test_race_of_a_thread_not_known_to_run(self):
        self.check([waking(100, 1, 7, 5), switch(110, 0, 5, "S", 0), wakeup(120, 1, 7, 5),
                    switch(150, 0, 0, "R", 5)], {5: [(1, 0, 40)]})

    def test_wakeup_before_the_switch_out_uses_the_waking_up(self):
        self.check([switch(90, 0, 0, "R", 5), waking(100, 1, 7, 5), wakeup(105, 1, 7, 5),
                    switch(110, 0, 5, "S", 0), waking(200, 1, 7, 5), switch(203, 0, 0, "R", 5)],
                   {5: [(1, 0, 3)]})

    def test_waking_of_a_running_thread_begins_nothing(self):
        self.check([switch(90, 0, 0, "R", 5), waking(100, 1, 7, 5), wakeup(105, 1, 7, 5),
                    line(900, 0, 5, "other: x")], {})

    def test_record_of_a_thread_proves_that_it_ran(self):
        self.check([waking(100, 1, 7, 5), wakeup(105, 1, 7, 5), line(110, 0, 5, "other: x"),
                    line(900, 0, 5, "other: x")], {})

    def test_waking_of_a_ready_thread_begins_nothing(self):
        self.check([switch(100, 0, 5, "R", 6), waking(105, 1, 7, 5), wakeup(106, 1, 7, 5),
                    switch(130, 0, 6, "S", 5)], {5: [(1, 0, 30)]})

    def test_suspension_is_no_wait(self):
        self.check([switch(100, 0, 5, "D", 0), waking(900, 1, 7, 5), switch(904, 0, 0, "R", 5)],
                   {5: [(1, 0, 4)]})

    def test_ready_before_the_trace_is_no_wait(self):
        found = oracle.analyze([line(100, 0, 0, "other: x"), switch(900, 0, 0, "R", 5)])
        self.assertEqual([(thread.tid, thread.waits, thread.before_ns) for thread in found.threads],
                         [(5, 0, 800)])

    def test_open_wait_is_cut_at_the_last_event_of_any_kind(self):
        self.check([switch(90, 1, 0, "R", 7), waking(100, 1, 7, 5), line(950, 3, 8, "other: x")],
                   {5: [(1, 1, 850)]})

    def test_migration_does_not_cut(self):
        self.check([waking(100, 1, 7, 5),
                    line(120, 1, 7, "sched_migrate_task: comm=a pid=5 prio=120 orig_cpu=0 dest_cpu=2"),
                    wakeup(130, 1, 7, 5, 2), switch(150, 2, 0, "R", 5)], {5: [(1, 0, 50)]})

    def test_identity_ends_when_dead(self):
        for left in ("X", "Z"):
            self.check([switch(100, 0, 5, "R", 6), switch(110, 0, 6, "S", 5), switch(120, 0, 5, left, 0),
                        waking(200, 1, 7, 5), switch(220, 0, 0, "R", 5)],
                       {5: [(1, 0, 10), (1, 0, 20)]})

    def test_identity_ends_at_a_fork_once(self):
        self.check([waking(100, 1, 7, 5), switch(110, 0, 0, "R", 5), switch(120, 0, 5, "S", 0),
                    line(200, 1, 7, "task_newtask: pid=5 comm=a clone_flags=0 oom_score_adj=0"),
                    fork(201, 1, 7, 5), wake("sched_wakeup_new", 210, 1, 7, 5, 0),
                    switch(240, 0, 0, "R", 5)], {5: [(1, 0, 10), (1, 0, 30)]})

    def test_idle_has_no_waits(self):
        self.check([switch(100, 0, 0, "R", 5), switch(110, 0, 5, "S", 0), waking(120, 1, 7, 0)], {})

    def test_instant_wait_counts(self):
        self.check([waking(100, 1, 7, 5), switch(100, 0, 0, "R", 5)], {5: [(1, 0, 0)]})

    def test_microseconds_are_padded(self):
        self.check(["  comm-7 [001]  1.000100: sched_waking: comm=a pid=5 prio=9 target_cpu=000\n",
                    "  <idle>-0 [000]  1.000200: sched_switch: prev_comm=a prev_pid=0 prev_prio=120 "
                    "prev_state=R ==> next_comm=b next_pid=5 next_prio=98\n"], {5: [(1, 0, 100000)]})

    # --- ambiguous

    def test_sleeper_that_runs_again_is_ambiguous(self):
        self.check([waking(90, 1, 7, 6), switch(100, 0, 5, "S", 6), switch(130, 0, 6, "S", 5)],
                   {6: [(1, 0, 10)]}, ["switch_to_sleeping"])

    def test_sleepers_of_a_trace_of_switches_only_are_not(self):
        self.check([switch(100, 0, 5, "S", 0), switch(130, 0, 0, "R", 5)], {})

    def test_second_waking_is_ambiguous(self):
        self.check([waking(100, 1, 7, 5), waking(110, 1, 7, 5), switch(120, 0, 0, "R", 5)],
                   {5: [(1, 0, 20)]}, ["second_waking"])

    def test_second_waking_ends_a_race(self):
        self.check([switch(90, 0, 0, "R", 5), waking(100, 1, 7, 5), switch(110, 0, 5, "S", 0),
                    waking(130, 1, 7, 5), wakeup(140, 1, 7, 5), switch(160, 0, 0, "R", 5)],
                   {5: [(2, 0, 50)]}, ["second_waking"])

    def test_missing_switches_are_ambiguous(self):
        self.check([switch(90, 0, 0, "R", 5), switch(100, 0, 6, "S", 8)], {},
                   ["not_switched_out", "runs_elsewhere"])
        self.check([waking(100, 1, 7, 5), wakeup(101, 1, 7, 5), switch(105, 0, 0, "R", 5),
                    switch(110, 0, 5, "R", 0), switch(130, 0, 5, "S", 0)],
                   {5: [(2, 0, 25)]}, ["switch_from_ready"])
        self.check([switch(90, 0, 0, "R", 5), switch(100, 1, 0, "R", 5)], {}, ["switch_to_running"])

    def test_wakings_without_switches_are_ambiguous(self):
        self.check([waking(100, 1, 7, 5), line(950, 3, 8, "other: x")], {5: [(1, 1, 850)]},
                   ["no_switches"])

    def test_loss_is_ambiguous(self):
        self.check([waking(100, 1, 7, 5), "CPU:0 [LOST 3 EVENTS]\n", switch(120, 0, 0, "R", 5)],
                   {5: [(1, 0, 20)]}, ["loss"])


LINES = [line(50, 0, 6, "other: x"), waking(1100, 1, 7, 5), wakeup(1100, 1, 7, 5),
         switch(3100, 0, 6, "S", 5), switch(4000, 0, 5, "S", 0), line(5000, 1, 7, "other: x")]


def causes(blocking_ns):
    return {"interference_ns": 0, "blocking_ns": blocking_ns, "release_jitter_ns": 0, "execution_ns": 0,
            "unattributed_ns": 0}


def thread_row(tid, waits, wait_ns):
    row = {"tid": tid, "waits": waits, "open": 0, "wait_ns": wait_ns, "causes": causes(wait_ns),
           "before_trace_ns": 0,
           "response": dict.fromkeys(("max_ns", "release_jitter_ns", "waits_ns", "execution_ns",
                                       "on_top_ns", "suspension_ns"), 0),
           "suspension": {"count": 0, "ns": 0, "lock_ns": 0, "flush_ns": 0, "other_ns": 0}}
    row.update(dict.fromkeys(compare.STATISTICS, wait_ns))
    return row


def right_document():
    culprit = {"kind": "thread", "name": "six", "id": 6}
    return {
        "source": {"first_ns": 50, "last_ns": 5000, "events": 6, "losses": 0},
        "totals": {"threads": 3, "waits": 1, "open": 0, "wait_ns": 2000, "causes": causes(2000)},
        "threads": [thread_row(5, 1, 2000), thread_row(6, 0, 0), thread_row(7, 0, 0)],
        "culprits": [dict(culprit, cause="blocking", reason=None, ns=2000, waits=1, worst_ns=2000)],
        "stalls": [{"tid": 5, "began_ns": 1100, "ended_ns": 3100, "open": False, "wait_ns": 2000,
                    "began_by": "waking", "causes": causes(2000), "segments_folded": 0,
                    "segments": [{"cpu": 0, "from_ns": 1100, "to_ns": 3100, "cause": "blocking",
                                  "reason": None, "culprit": culprit}]}],
    }


class Documents(unittest.TestCase):
    def findings(self, document):
        found = oracle.analyze(LINES, keep_waits=True, keep_occupants=True)
        return compare.check_document(document, found, 1000)

    def test_right_document_passes(self):
        findings = self.findings(right_document())
        self.assertEqual((findings.failures, findings.ambiguous, findings.notes), ([], [], []))

    def test_each_wrong_number_is_found(self):
        """Every integer of the document, one more: each is checked by something."""
        unchecked = []
        for path in integers(right_document()):
            document = right_document()
            at = document
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] += 100
            findings = self.findings(document)
            if not findings.failed and not findings.notes:
                unchecked.append(path)
        # of suspensions only the sum is known, of culprits whether ns, waits and worst can be
        allowed = [("threads", number, "suspension", "count") for number in range(3)]
        allowed += [("culprits", 0, "waits"), ("culprits", 0, "id")]
        self.assertEqual([path for path in unchecked if path not in allowed], [])

    def test_missing_row_is_found(self):
        document = right_document()
        del document["threads"][0]
        self.assertTrue(self.findings(document).failed)

    def test_missing_stall_is_found(self):
        document = right_document()
        del document["stalls"][0]
        self.assertTrue(self.findings(document).failed)

    def test_gap_between_segments_is_found(self):
        document = right_document()
        segment = document["stalls"][0]["segments"][0]
        second = copy.deepcopy(segment)
        segment["to_ns"] = 2000
        second["from_ns"] = 2001
        second["reason"] = "pi"
        document["stalls"][0]["segments"].append(second)
        self.assertTrue(any("begins at 2001" in text for text in self.findings(document).failures))


def integers(value, path=()):
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield path
    elif isinstance(value, dict):
        for key in value:
            yield from integers(value[key], path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from integers(item, path + (index,))


if __name__ == "__main__":
    unittest.main()

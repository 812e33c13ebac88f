#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The independent oracle: counts waits in ftrace text, slowly and obviously.

It reads the text of `trace-cmd report -t -N` or of tracefs' `trace` file and says for each thread how
often it waited and for how long altogether. It shares nothing with the program: it was written from
the definition of a wait alone, and knows no causes. compare.py holds the program's answers against it.

A wait: one thread is ready and does not run.

    sleeping   --waking------------------> ready      begins at the waking
    sleeping   --wakeup, no waking-------> ready      begins at the wakeup
    running    --switch-out R, R+--------> ready      begins at the switch-out (a preemption)
    running    --waking, switch-out S----> ready      begins at the switch-out (a race), unless a wakeup
                                                      was seen before the switch-out: that one used it up
    ready      --switch-in---------------> running    ends
    ready      --end of the trace--------> ready      open: cut at the last event of any kind

A waking of a thread that is ready, or that runs and goes on running, begins nothing. What was ready
before the trace began is proven by its switch-in only, and is no wait. The stretch after a switch-out
in D is a suspension, no wait. A thread ends at its switch-out in X or Z, or where its tid is forked
again: what comes later under the same tid is another thread. tid 0 is idle, no thread.

Where the definition leaves a choice, or the trace contradicts itself, the thread is marked as
ambiguous with the reason; AMBIGUOUS below lists them.

    oracle.py [--waits] FILE.txt|-          one line per thread, then what was met how often
"""

import array
import collections
import re
import sys

UNKNOWN, NEW, SLEEPING, SUSPENDED, READY, RUNNING, DEAD = range(7)
MOST_MOVES = 200000     # waits whose CPUs are kept

AMBIGUOUS = {
    "switch_to_sleeping": "switched out in S, then switched in without a waking: did it sleep?",
    "switch_to_running": "switched in while it ran elsewhere: a switch-out is missing",
    "switch_from_ready": "switched out while it was ready: a switch-in is missing",
    "switch_from_sleeping": "switched out while it slept: a switch-in is missing",
    "switch_from_elsewhere": "switched out on another CPU than it ran on",
    "not_switched_out": "it ran on a CPU where the next switch-out is another thread's",
    "second_waking": "a second waking before the wakeup",
    "race_unconfirmed": "a race of waking and switch-out that no wakeup confirms",
    "race_while_ready": "a waking met it ready, it ran and went to sleep before the wakeup",
    "runs_elsewhere": "a record of it from a CPU on which it does not run",
    "loss": "events were lost while it waited or ran",
    "forked_while_open": "its tid was forked again while it waited",
    "exec_changed_tid": "exec by a thread that is not the leader: it changes its tid",
    "time_backwards": "an event of it is older than the one before",
    "unknown_left": "switched out in a state that is not understood",
    "no_switches": "the trace has no sched_switch: nothing ends a wait",
}

# comm-tid, perhaps (tgid), [cpu], perhaps flags, time, the rest
LINE = re.compile(r"\s*(.*?)-(\d+)\s+(?:\([ \d-]*\)\s+)?\[(\d+)\]\s+(?:[^\s\d]\S*\s+)?"
                  r"(\d+)\.(\d+): +(.*)").match
SWITCH = re.compile(r"prev_comm=.* prev_pid=(-?\d+) prev_prio=-?\d+ prev_state=(\S+) ==> "
                    r"next_comm=.* next_pid=(-?\d+) next_prio=-?\d+").match
WAKE = re.compile(r"comm=.* pid=(-?\d+) prio=-?\d+.* target_cpu=(\d+)").match
MIGRATE = re.compile(r"comm=.* pid=(-?\d+) prio=-?\d+ orig_cpu=\d+ dest_cpu=(\d+)").match
FORK = re.compile(r"comm=.* pid=\d+ child_comm=.* child_pid=(\d+)").match
NEWTASK = re.compile(r"pid=(\d+) comm=").match
EXEC = re.compile(r".*\bpid=(\d+) old_pid=(\d+)").match
LOSS = re.compile(r"CPU:(\d+) \[(?:LOST (\d+) EVENTS|(?:(\d+) )?EVENTS DROPPED)\]").match


class Thread:
    """One identity: a tid from its fork (or first mention) to its end."""

    __slots__ = ("tid", "state", "cpu", "began_at", "by_waking", "raced", "tentative", "awaits_wakeup",
                 "queue_cpu", "ready_waking", "changed_at", "lost_at", "lost_flag", "waits", "wait_ns",
                 "open", "longest_ns", "clean", "kept", "moves", "before_ns", "reasons", "appeared_at")

    def __init__(self, tid, at):
        self.tid = tid
        self.state = UNKNOWN
        self.cpu = -1               # where it runs
        self.began_at = 0           # of the wait, in READY
        self.by_waking = False      # the wait was begun by a waking or wakeup
        self.raced = False          # it was begun by a race and is not confirmed yet
        self.tentative = False      # nothing was known of it before the waking: it may prove to have run
        self.awaits_wakeup = False  # a waking was seen whose wakeup was not
        self.ready_waking = False   # that waking met it ready
        self.queue_cpu = -1
        self.changed_at = at
        self.lost_at = None
        self.lost_flag = False
        self.waits = 0
        self.wait_ns = 0
        self.open = 0
        self.longest_ns = 0         # open ones too, but none that a loss touched
        self.clean = array.array("q")   # durations of closed waits that no loss touched
        self.kept = array.array("q")    # began_at, ended_at or -1, by_waking; of each wait
        self.moves = None           # (at, CPU where it is queued) of the open wait
        self.before_ns = 0
        self.reasons = collections.Counter()
        self.appeared_at = at


class Oracle:
    """Feed it lines, call finish(), read what it found."""

    def __init__(self, keep_waits=False, keep_occupants=False):
        self.keep_waits = keep_waits
        self.moves_of = {}          # (tid, began_at) -> [(at, CPU where it is queued)]
        self.threads = []           # all identities
        self.by_tid = {}            # the present holder of each tid
        self.tid_on = {}            # CPU -> tid that runs there
        self.header_on = {}         # CPU -> tid of its last record
        self.left_on = {}           # CPU -> tid switched out there last
        self.first_on = {}          # CPU -> time of its first event
        self.last_on = {}           # CPU -> time of its last event
        self.occupants = {} if keep_occupants else None   # CPU -> (instants, tids from there on)
        self.first_at = None
        self.last_at = None
        self.events = 0
        self.losses = 0
        self.names = collections.Counter()
        self.met = collections.Counter()
        self.handlers = {
            "sched_switch": self.switch,
            "sched_waking": self.waking,
            "sched_wakeup": self.wakeup,
            "sched_wakeup_new": self.wakeup_new,
            "sched_migrate_task": self.migrate,
            "sched_process_fork": self.fork,
            "task_newtask": self.newtask,
            "sched_process_exec": self.exec,
        }

    # --- lines

    def feed(self, lines):
        handlers = self.handlers
        header_on = self.header_on
        last_on = self.last_on
        names = self.names
        for line in lines:
            found = LINE(line)
            if not found:
                lost = LOSS(line)
                if lost:
                    self.loss(int(lost.group(1)))
                continue
            _, tid, cpu, seconds, fraction, rest = found.groups()
            at = int(seconds) * 1000000000 + int(fraction.ljust(9, "0"))
            cpu = int(cpu)
            self.events += 1
            if cpu not in last_on:
                self.first_on[cpu] = at
                if self.first_at is None or at < self.first_at:
                    self.first_at = at
                if self.last_at is None:
                    self.last_at = at
            last_on[cpu] = at
            if at > self.last_at:
                self.last_at = at
            elif at < self.last_at:
                self.met["time_backwards_events"] += 1
            if header_on.get(cpu) != tid:
                header_on[cpu] = tid
                self.record_of(int(tid), cpu, at)
            name, colon, fields = rest.partition(":")
            if not colon:
                continue
            handler = handlers.get(name)
            if handler:
                names[name] += 1
                handler(at, cpu, fields.lstrip(), int(tid))

    def record_of(self, tid, cpu, at):
        """A record made by tid on cpu: it runs there, unless it is just being switched out."""
        on = self.tid_on.get(cpu)
        if on == tid:
            return
        if on is None:
            self.occupied(cpu, tid, at)
            if not tid:
                return
            thread = self.thread(tid, at)
            if thread.state == UNKNOWN or thread.tentative:
                self.proves_running(thread, cpu)
            elif thread.state != RUNNING or thread.cpu != cpu:
                self.mark(thread, "runs_elsewhere")
            return
        if self.left_on.get(cpu) == tid:
            return          # between its sched_switch and the end of the switch
        self.met["runs_elsewhere_records"] += 1
        if tid:
            self.mark(self.thread(tid, at), "runs_elsewhere")
        if on:
            self.mark(self.thread(on, at), "runs_elsewhere")

    def occupied(self, cpu, tid, at):
        self.tid_on[cpu] = tid
        if self.occupants is not None:
            instants, tids = self.occupants.setdefault(cpu, (array.array("q"), array.array("q")))
            instants.append(at)
            tids.append(tid)

    def proves_running(self, thread, cpu):
        """It was on the CPU all the while: what a waking seemed to begin was none."""
        if thread.tentative:
            self.met["unknown_proved_running"] += 1
        thread.tentative = False
        thread.state = RUNNING
        thread.cpu = cpu

    # --- threads

    def thread(self, tid, at):
        thread = self.by_tid.get(tid)
        if thread is None or thread.state == DEAD:
            thread = self.new_thread(tid, at)
        return thread

    def new_thread(self, tid, at):
        thread = Thread(tid, at)
        self.by_tid[tid] = thread
        self.threads.append(thread)
        return thread

    def mark(self, thread, reason):
        thread.reasons[reason] += 1
        self.met[reason] += 1

    def check_time(self, thread, at):
        if at < thread.changed_at:
            self.mark(thread, "time_backwards")
        thread.changed_at = at

    # --- waits

    def begin(self, thread, at, by_waking, queue_cpu):
        thread.state = READY
        thread.began_at = at
        thread.by_waking = by_waking
        thread.raced = False
        thread.queue_cpu = queue_cpu
        thread.lost_flag = False
        if self.keep_waits and len(self.moves_of) < MOST_MOVES:
            thread.moves = self.moves_of[thread.tid, at] = [(at, queue_cpu)]
        else:
            thread.moves = None

    def queued(self, thread, at, cpu):
        thread.queue_cpu = cpu
        if thread.moves is not None:
            thread.moves.append((at, cpu))

    def end(self, thread, at, is_open=False):
        if at < thread.began_at:
            self.mark(thread, "time_backwards")
            at = thread.began_at
        lasted = at - thread.began_at
        thread.waits += 1
        thread.wait_ns += lasted
        if is_open:
            thread.open += 1
        elif not thread.lost_flag:
            thread.clean.append(lasted)
        if not thread.lost_flag:
            thread.longest_ns = max(thread.longest_ns, lasted)
        if self.keep_waits:
            thread.kept.extend((thread.began_at, -1 if is_open else at, thread.by_waking))
        thread.moves = None

    # --- events

    def waking(self, at, cpu, fields, header):
        found = WAKE(fields)
        if not found:
            return
        tid = int(found.group(1))
        if not tid:
            return
        thread = self.thread(tid, at)
        self.check_time(thread, at)
        state = thread.state
        if thread.awaits_wakeup:
            self.mark(thread, "second_waking")
        if state == READY:
            if thread.lost_flag:
                # the loss hid how the old wait ended
                self.end(thread, max(thread.lost_at, thread.began_at))
                self.begin(thread, at, True, int(found.group(2)))
            elif thread.raced:
                self.end(thread, at)
                self.begin(thread, at, True, int(found.group(2)))
            elif not thread.awaits_wakeup:
                self.met["waking_while_ready"] += 1
                thread.ready_waking = True
        elif state == RUNNING:
            self.met["waking_while_running"] += 1
            thread.ready_waking = False
        else:
            self.begin(thread, at, True, int(found.group(2)))
            thread.tentative = state == UNKNOWN
            thread.ready_waking = False
            self.met["begun_by_waking"] += 1
        thread.awaits_wakeup = True

    def wakeup(self, at, cpu, fields, header):
        found = WAKE(fields)
        if not found:
            return
        tid = int(found.group(1))
        if not tid:
            return
        thread = self.thread(tid, at)
        self.check_time(thread, at)
        state = thread.state
        if state == READY:
            if thread.raced:
                thread.raced = False
                self.met["race_confirmed"] += 1
            if thread.by_waking:
                self.queued(thread, at, int(found.group(2)))
        elif state == RUNNING:
            self.met["wakeup_while_running"] += 1
        else:
            self.begin(thread, at, True, int(found.group(2)))
            thread.tentative = state == UNKNOWN
            self.met["begun_by_wakeup"] += 1
        thread.awaits_wakeup = False
        thread.ready_waking = False

    def wakeup_new(self, at, cpu, fields, header):
        found = WAKE(fields)
        if not found:
            return
        tid = int(found.group(1))
        if not tid:
            return
        thread = self.born(tid, at)
        self.begin(thread, at, True, int(found.group(2)))
        self.met["begun_by_wakeup_new"] += 1

    def migrate(self, at, cpu, fields, header):
        found = MIGRATE(fields)
        if not found:
            return
        tid = int(found.group(1))
        if not tid:
            return
        thread = self.thread(tid, at)
        if thread.state == READY:
            self.queued(thread, at, int(found.group(2)))

    def fork(self, at, cpu, fields, header):
        found = FORK(fields)
        if found:
            self.born(int(found.group(1)), at)

    def newtask(self, at, cpu, fields, header):
        found = NEWTASK(fields)
        if found:
            self.born(int(found.group(1)), at)

    def born(self, tid, at):
        """A new identity, unless an earlier event of the same birth has made it already."""
        old = self.by_tid.get(tid)
        if old is not None:
            if old.state == NEW:
                return old
            if old.state == READY:
                self.mark(old, "forked_while_open")
                self.end(old, at)
            if old.state != DEAD:
                self.met["forked_before_exit"] += 1
            old.state = DEAD
        thread = self.new_thread(tid, at)
        thread.state = NEW
        return thread

    def exec(self, at, cpu, fields, header):
        found = EXEC(fields)
        if found and found.group(1) != found.group(2):
            for tid in found.groups():
                self.mark(self.thread(int(tid), at), "exec_changed_tid")

    def switch(self, at, cpu, fields, header):
        found = SWITCH(fields)
        if not found:
            self.met["switch_not_parsed"] += 1
            return
        prev, left, next_ = found.groups()
        prev = int(prev)
        next_ = int(next_)
        on = self.tid_on.get(cpu)
        if on is not None and on != prev and on:
            thread = self.thread(on, at)
            if thread.state == RUNNING and thread.cpu == cpu:
                self.mark(thread, "not_switched_out")
                thread.state = UNKNOWN
                thread.awaits_wakeup = False
        if prev:
            self.switch_out(at, cpu, self.thread(prev, at), left)
        if next_:
            self.switch_in(at, cpu, self.thread(next_, at))
        self.occupied(cpu, next_, at)
        self.left_on[cpu] = prev

    def switch_out(self, at, cpu, thread, left):
        self.check_time(thread, at)
        if thread.tentative:
            self.proves_running(thread, cpu)
        state = thread.state
        if state == READY:
            self.mark(thread, "switch_from_ready")
            if thread.lost_flag:
                self.end(thread, max(thread.lost_at, thread.began_at))
            else:
                self.end(thread, at)
        elif state in (SLEEPING, SUSPENDED):
            self.mark(thread, "switch_from_sleeping")
        elif state == RUNNING and thread.cpu != cpu:
            self.mark(thread, "switch_from_elsewhere")

        thread.cpu = -1
        self.met["left_" + left] += 1
        if "X" in left or "x" in left or "Z" in left:
            thread.state = DEAD
        elif left == "R" or "+" in left:
            self.begin(thread, at, False, cpu)
        elif left[0] in "SDTtIPKWN":
            if thread.awaits_wakeup:
                # the waking came before the sleep it ends
                self.met["race_left_" + left] += 1
                if thread.ready_waking:
                    self.mark(thread, "race_while_ready")
                self.begin(thread, at, True, cpu)
                thread.raced = True
            else:
                thread.state = SUSPENDED if left[0] == "D" else SLEEPING
        else:
            self.mark(thread, "unknown_left")
            thread.state = SLEEPING

    def switch_in(self, at, cpu, thread):
        self.check_time(thread, at)
        state = thread.state
        if state == READY:
            if thread.raced:
                self.mark(thread, "race_unconfirmed")
            if thread.by_waking and not thread.ready_waking:
                if thread.awaits_wakeup:
                    self.met["switch_in_before_wakeup"] += 1
                thread.awaits_wakeup = False
            if thread.queue_cpu != cpu:
                self.met["switched_in_on_another_cpu"] += 1
            self.end(thread, at)
        elif state == UNKNOWN:
            self.met["ready_before_trace"] += 1
            if not thread.reasons:
                thread.before_ns = at - self.first_on[cpu]
        elif state in (SLEEPING, SUSPENDED):
            self.mark(thread, "switch_to_sleeping")
        elif state == RUNNING:
            self.mark(thread, "switch_to_running")
        elif state == NEW:
            self.met["switch_to_new"] += 1
        thread.raced = False
        thread.tentative = False
        thread.state = RUNNING
        thread.cpu = cpu

    def loss(self, cpu):
        """Records of this CPU are missing between its last event and its next."""
        self.losses += 1
        from_at = self.last_on.get(cpu, 0)
        for thread in self.by_tid.values():
            if thread.state == READY:
                self.mark(thread, "loss")
                if thread.queue_cpu == cpu or thread.raced or thread.tentative:
                    thread.lost_flag = True
                    thread.lost_at = from_at
            elif thread.state == RUNNING and thread.cpu == cpu:
                self.mark(thread, "loss")
                thread.state = UNKNOWN
                thread.awaits_wakeup = False
        self.tid_on.pop(cpu, None)
        self.header_on.pop(cpu, None)
        self.left_on.pop(cpu, None)

    def finish(self):
        for thread in self.threads:
            if thread.state == READY:
                if thread.raced:
                    self.mark(thread, "race_unconfirmed")
                if thread.tentative:
                    self.met["open_of_unknown_thread"] += 1
                self.end(thread, self.last_at, is_open=True)
        if not self.names["sched_switch"]:
            for thread in self.threads:
                del thread.reasons["runs_elsewhere"]
                if thread.waits:
                    self.mark(thread, "no_switches")
        if not self.names["sched_waking"] and not self.names["sched_wakeup"]:
            # nothing is ever woken in such a trace: what slept simply runs again, and no wait is in doubt
            for thread in self.threads:
                del thread.reasons["switch_to_sleeping"]


def analyze(lines, keep_waits=False, keep_occupants=False):
    oracle = Oracle(keep_waits, keep_occupants)
    oracle.feed(lines)
    oracle.finish()
    return oracle


def waits_of(thread):
    """(began_at, ended_at or -1, by_waking) of each, where waits were kept."""
    return zip(thread.kept[0::3], thread.kept[1::3], thread.kept[2::3])


def open_text(path):
    if path == "-":
        return open(sys.stdin.fileno(), encoding="utf-8", errors="surrogateescape", newline="\n")
    return open(path, encoding="utf-8", errors="surrogateescape", newline="\n")


def main(arguments):
    keep_waits = "--waits" in arguments
    paths = [argument for argument in arguments if argument != "--waits"]
    if len(paths) != 1:
        print("usage: oracle.py [--waits] FILE.txt|-", file=sys.stderr)
        return 129
    with open_text(paths[0]) as lines:
        oracle = analyze(lines, keep_waits)
    for thread in sorted(oracle.threads, key=lambda t: (t.tid, t.appeared_at)):
        if not thread.waits and not thread.reasons:
            continue
        reasons = " ".join("%s=%d" % item for item in sorted(thread.reasons.items()))
        print("tid=%d waits=%d open=%d wait_ns=%d%s" %
              (thread.tid, thread.waits, thread.open, thread.wait_ns,
               " ambiguous: " + reasons if reasons else ""))
        for began_at, ended_at, by_waking in waits_of(thread):
            print("    %d %s %s" % (began_at, "open" if ended_at < 0 else ended_at - began_at,
                                    "waking" if by_waking else "preemption"))
    wait_ns = sum(thread.wait_ns for thread in oracle.threads)
    span_ns = oracle.last_at - oracle.first_at if oracle.events else 0
    print("events=%d cpus=%d losses=%d threads=%d waits=%d open=%d wait_ns=%d span_ns=%d "
          "ready_per_cpu=%.3f" %
          (oracle.events, len(oracle.first_on), oracle.losses, len(oracle.threads),
           sum(thread.waits for thread in oracle.threads),
           sum(thread.open for thread in oracle.threads), wait_ns, span_ns,
           wait_ns / (span_ns * len(oracle.first_on)) if span_ns else 0))
    for name, count in sorted(oracle.met.items()):
        print("    %s %d" % (name, count))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds the program's JSON against the independent oracle (oracle.py), and against itself.

    compare.py --program PATH [--trace-cmd PATH] [--stall TIME] FILE...

Of each FILE (trace.dat, or ftrace text ending in .txt) it runs `PROGRAM analyze --all --json --top 0`
and the oracle on `trace-cmd report -t -N FILE` or the text itself. It fails where

  - a thread's number of waits, of open waits, or their sum differs, to the nanosecond;
  - min, max, avg or a percentile is not that of these waits;
  - five causes do not sum to a wait, in threads, totals or stalls; totals are not the sums of the
    threads; culprits do not sum to the totals, cause by cause;
  - the stalls listed are not the waits of at least the threshold; segments are not ordered, adjacent
    and complete;
  - a segment is charged to a thread, or to idle, that was not on that CPU then, or lies on a CPU where
    the waiter was not queued.

Threads of which the definition of a wait leaves a choice (oracle.py has the list) are compared too, but
a difference there is only shown, with both answers. Prints a line per file, details of what differs, and
at the end `N passed, N failed, N skipped`. Exit 1 when a file failed.
"""

import argparse
import bisect
import collections
import json
import math
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True     # nothing is left in the source tree

import oracle as oracle_module

CAUSES = ("interference_ns", "blocking_ns", "release_jitter_ns", "execution_ns", "unattributed_ns")
REASONS = {
    "interference": {"nmi", "irq", "softirq", "thread", "equal", "deadline", "fair"},
    "blocking": {None, "irqs-off", "preempt-off", "no-preempt", "pi", "throttled", "server"},
    "release jitter": {"idle-exit", "remote"},
    "execution": {"release-path"},
    "unattributed": {"trace-start", "loss", "unknown"},
}
STATISTICS = ("min_ns", "avg_ns", "max_ns", "p50_ns", "p99_ns", "p999_ns")
THRESHOLDS = (("1us", 1000), ("10us", 10000), ("100us", 100000), ("1ms", 1000000), ("10ms", 10000000),
              ("100ms", 100000000), ("1s", 1000000000), ("1m", 60000000000))
MOST_STALLS = 50000     # the document must fit into memory
MOST_DETAILS = 20       # per file


class Findings:
    """What is wrong with one file; the first few in words, all of them counted."""

    def __init__(self):
        self.failures = []
        self.failed = 0
        self.ambiguous = []
        self.notes = []

    def fail(self, text, *arguments):
        self.failed += 1
        if len(self.failures) < MOST_DETAILS:
            self.failures.append(text % arguments)

    def expect(self, is_so, text, *arguments):
        if not is_so:
            self.fail(text, *arguments)


def threshold_ns(text):
    digits = text.rstrip("nusmh")
    return int(digits) * {"ns": 1, "us": 1000, "ms": 10 ** 6, "s": 10 ** 9, "m": 60 * 10 ** 9,
                          "h": 3600 * 10 ** 9}[text[len(digits):]]


def cause_key(cause):
    return cause.replace(" ", "_").replace("-", "_") + "_ns"


# --- the document against itself


def check_causes(findings, what, row):
    total = sum(row["causes"][name] for name in CAUSES)
    findings.expect(total == row["wait_ns"], "%s: causes sum to %d, wait_ns is %d", what, total,
                    row["wait_ns"])
    findings.expect(min(row["causes"].values()) >= 0, "%s: a cause is negative", what)


def check_thread_row(findings, row):
    what = "thread %d" % row["tid"]
    check_causes(findings, what, row)
    findings.expect(row["tid"] != 0, "tid 0 has a row")
    findings.expect(row["open"] <= row["waits"], "%s: %d open of %d waits", what, row["open"],
                    row["waits"])
    suspension = row["suspension"]
    parts = suspension["lock_ns"] + suspension["flush_ns"] + suspension["other_ns"]
    findings.expect(parts == suspension["ns"], "%s: suspensions sum to %d, ns is %d", what, parts,
                    suspension["ns"])
    response = row["response"]
    parts = sum(response[name] or 0 for name in ("release_jitter_ns", "waits_ns", "execution_ns",
                                                 "on_top_ns", "suspension_ns"))
    findings.expect(parts == (response["max_ns"] or 0), "%s: response parts sum to %d, max_ns is %d",
                    what, parts, response["max_ns"] or 0)


def check_totals(findings, document):
    totals = document["totals"]
    threads = document["threads"]
    check_causes(findings, "totals", totals)
    findings.expect(totals["threads"] == len(threads), "totals: %d threads, %d rows", totals["threads"],
                    len(threads))
    for name in ("waits", "open", "wait_ns"):
        total = sum(row[name] for row in threads)
        findings.expect(totals[name] == total, "totals: %s is %d, threads sum to %d", name, totals[name],
                        total)
    for name in CAUSES:
        total = sum(row["causes"][name] for row in threads)
        findings.expect(totals["causes"][name] == total, "totals: %s is %d, threads sum to %d", name,
                        totals["causes"][name], total)
    charged = collections.Counter()
    for row in document["culprits"]:
        what = "culprit %s %s/%d" % (row["kind"], row["name"], row["id"])
        charged[cause_key(row["cause"])] += row["ns"]
        findings.expect(row["reason"] in REASONS.get(row["cause"], ()), "%s: %s cannot be %s", what,
                        row["reason"], row["cause"])
        findings.expect(row["worst_ns"] <= row["ns"] <= row["waits"] * row["worst_ns"],
                        "%s: %d ns in %d waits, worst %d", what, row["ns"], row["waits"],
                        row["worst_ns"])
    for name in CAUSES:
        findings.expect(charged[name] == totals["causes"][name],
                        "culprits: %s sums to %d, totals have %d", name, charged[name],
                        totals["causes"][name])
    findings.expect(sum(charged.values()) == totals["wait_ns"], "culprits sum to %d, totals.wait_ns is %d",
                    sum(charged.values()), totals["wait_ns"])


def check_stall(findings, stall, last_ns, least_ns):
    what = "stall of %d at %d" % (stall["tid"], stall["began_ns"])
    check_causes(findings, what, stall)
    ended_ns = last_ns if stall["open"] else stall["ended_ns"]
    findings.expect(stall["open"] == (stall["ended_ns"] is None), "%s: open and ended_ns disagree", what)
    if ended_ns is None:
        return
    findings.expect(ended_ns - stall["began_ns"] == stall["wait_ns"], "%s: lasts %d, wait_ns is %d", what,
                    ended_ns - stall["began_ns"], stall["wait_ns"])
    findings.expect(stall["wait_ns"] >= least_ns, "%s: %d is under the threshold", what,
                    stall["wait_ns"])
    check_segments(findings, what, stall, ended_ns)


def check_segments(findings, what, stall, ended_ns):
    segments = stall["segments"]
    folded = stall["segments_folded"]
    charged = collections.Counter()
    at = stall["began_ns"]
    before = None
    for segment in segments:
        findings.expect(segment["from_ns"] == at, "%s: a segment begins at %d, not %d", what,
                        segment["from_ns"], at)
        findings.expect(segment["to_ns"] > segment["from_ns"], "%s: empty segment at %d", what,
                        segment["from_ns"])
        at = segment["to_ns"]
        charged[cause_key(segment["cause"])] += segment["to_ns"] - segment["from_ns"]
        findings.expect(segment["reason"] in REASONS.get(segment["cause"], ()), "%s: %s cannot be %s",
                        what, segment["reason"], segment["cause"])
        # the name does not tell two culprits apart: a thread may be renamed in between
        same = (segment["cpu"], segment["cause"], segment["reason"], segment["culprit"]["kind"],
                segment["culprit"]["id"], segment["culprit"]["name"],
                json.dumps(segment.get("on_behalf_of")))
        findings.expect(same != before, "%s: two segments at %d could be one", what, segment["from_ns"])
        before = same
    if folded:
        findings.expect(at < ended_ns, "%s: %d segments are folded, and none is missing", what, folded)
        return
    findings.expect(at == ended_ns, "%s: segments end at %d, the wait at %d", what, at, ended_ns)
    for name in CAUSES:
        findings.expect(charged[name] == stall["causes"][name], "%s: segments make %s %d, causes say %d",
                        what, name, charged[name], stall["causes"][name])


# --- the document against the oracle


def percentile_bounds(durations, share):
    """Durations of rank share, and one rank to either side; 1 % off, as the histogram may be."""
    rank = share * len(durations)
    low = durations[max(0, math.floor(rank) - 1)]
    high = durations[min(len(durations) - 1, math.ceil(rank))]
    return low - low // 100 - 1, high + high // 100 + 1


def check_statistics(findings, row, thread):
    what = "thread %d" % row["tid"]
    findings.expect((row["max_ns"] or 0) == thread.longest_ns, "%s: max_ns is %s, oracle %d", what,
                    row["max_ns"], thread.longest_ns)
    durations = sorted(thread.clean)
    if not durations:
        return
    findings.expect(row["min_ns"] == durations[0], "%s: min_ns is %s, oracle %d", what, row["min_ns"],
                    durations[0])
    average = sum(durations) / len(durations)
    findings.expect(row["avg_ns"] is not None and abs(row["avg_ns"] - average) <= 1,
                    "%s: avg_ns is %s, oracle %.1f", what, row["avg_ns"], average)
    for name, share in (("p50_ns", 0.5), ("p99_ns", 0.99), ("p999_ns", 0.999)):
        low, high = percentile_bounds(durations, share)
        findings.expect(row[name] is not None and low <= row[name] <= high,
                        "%s: %s is %s, oracle %d..%d", what, name, row[name], low, high)


def first_difference(tid, theirs, stalls, least_ns):
    """The first wait that only one of the two has, from the stalls listed."""
    ours = {(stall["began_ns"], -1 if stall["ended_ns"] is None else stall["ended_ns"])
            for stall in stalls if stall["tid"] == tid}
    expected = set()
    for thread in theirs:
        expected.update((began, ended) for began, ended, _ in oracle_module.waits_of(thread)
                        if ended < 0 or ended - began >= least_ns)
    # an open wait may be too short to be listed
    differing = sorted((began, ended, who) for who, waits in
                       (("program", ours - expected), ("oracle", expected - ours))
                       for began, ended in waits if ended >= 0 or who == "program" or
                       (began, ended) not in ours)
    if not differing:
        return ""
    began, ended, who = differing[0]
    return "; first that differs: only the %s has %d..%s" % (who, began, "open" if ended < 0 else ended)


def check_threads(findings, document, oracle, stalls, least_ns):
    rows_of = collections.defaultdict(list)
    for row in document["threads"]:
        rows_of[row["tid"]].append(row)
    threads_of = collections.defaultdict(list)
    for thread in oracle.threads:
        threads_of[thread.tid].append(thread)

    def answer_of_row(row):
        return row["waits"], row["open"], row["wait_ns"]

    agreed = 0
    for tid in sorted(set(rows_of) | set(threads_of)):
        rows = rows_of[tid]
        threads = threads_of[tid]
        if not rows:
            findings.fail("thread %d appears and has no row", tid)
        elif len(rows) != len(threads):
            findings.notes.append("thread %d: %d rows, oracle has %d identities" %
                                  (tid, len(rows), len(threads)))
        elif len(rows) == 1 and not threads[0].reasons:
            if rows[0]["before_trace_ns"] != threads[0].before_ns:
                findings.notes.append("thread %d: before_trace_ns is %s, oracle %d" %
                                      (tid, rows[0]["before_trace_ns"], threads[0].before_ns))
        for row in rows:
            if not row["waits"]:
                findings.expect(not any(row[name] for name in STATISTICS),
                                "thread %d: no wait, but statistics of waits", tid)
        rows = [row for row in rows if row["waits"]]
        threads = [thread for thread in threads if thread.waits or thread.reasons]
        for thread in list(threads):
            mine = (thread.waits, thread.open, thread.wait_ns)
            for row in rows:
                if answer_of_row(row) == mine:
                    rows.remove(row)
                    threads.remove(thread)
                    if thread.reasons:
                        agreed += 1
                        findings.ambiguous.append((thread.reasons, None))
                    else:
                        check_statistics(findings, row, thread)
                    break
            else:
                if not thread.waits and thread.reasons and not rows:
                    threads.remove(thread)
                    findings.ambiguous.append((thread.reasons, None))
        if not rows and not threads:
            continue
        text = "thread %d: program %s, oracle %s" % (
            tid, "; ".join("%d waits %d open %d ns" % answer_of_row(row) for row in rows) or "nothing",
            "; ".join("%d waits %d open %d ns" % (thread.waits, thread.open, thread.wait_ns)
                      for thread in threads) or "nothing")
        text += first_difference(tid, threads_of[tid], stalls, least_ns)
        reasons = collections.Counter()
        for thread in threads_of[tid]:
            reasons.update(thread.reasons)
        if reasons:
            findings.ambiguous.append((reasons, text))
        else:
            findings.fail("%s", text)


def check_stalls_complete(findings, document, oracle, least_ns):
    last_ns = document["source"]["last_ns"]
    doubtful = {thread.tid for thread in oracle.threads if thread.reasons}
    listed = collections.Counter((stall["tid"], stall["began_ns"], -1 if stall["open"] else
                                  stall["ended_ns"], stall["began_by"])
                                 for stall in document["stalls"] if stall["tid"] not in doubtful)
    expected = collections.Counter()
    for thread in oracle.threads:
        if thread.tid in doubtful:
            continue
        for began, ended, by_waking in oracle_module.waits_of(thread):
            if (last_ns if ended < 0 else ended) - began >= least_ns:
                expected[thread.tid, began, ended, "waking" if by_waking else "preemption"] += 1
    for key in sorted(listed - expected)[:3]:
        findings.fail("stall of %d, %d..%d by %s: the oracle has none", *key)
    for key in sorted(expected - listed)[:3]:
        findings.fail("stall of %d, %d..%d by %s is not listed", *key)


def check_occupants(findings, document, oracle):
    """Whom a segment is charged to, if a thread or idle, was on that CPU all the while."""
    doubtful = {thread.tid for thread in oracle.threads if thread.reasons}
    for stall in document["stalls"]:
        if stall["tid"] in doubtful or oracle.losses:
            continue
        moves = oracle.moves_of.get((stall["tid"], stall["began_ns"]))
        for segment in stall["segments"]:
            what = "stall of %d at %d, segment at %d" % (stall["tid"], stall["began_ns"],
                                                        segment["from_ns"])
            if moves:
                cpus = queue_cpus(moves, segment["from_ns"], segment["to_ns"])
                findings.expect(segment["cpu"] in cpus, "%s: on CPU %d, it is queued on %s", what,
                                segment["cpu"], sorted(cpus))
            culprit = segment["culprit"]
            if culprit["kind"] not in ("thread", "idle"):
                continue
            charged_to = 0 if culprit["kind"] == "idle" else culprit["id"]
            seen = occupants_between(oracle, segment["cpu"], segment["from_ns"], segment["to_ns"])
            findings.expect(seen <= {charged_to} or charged_to in doubtful,
                            "%s: charged to %s %s/%d, on CPU %d were %s", what, culprit["kind"],
                            culprit["name"], culprit["id"], segment["cpu"], sorted(seen))


def queue_cpus(moves, from_ns, to_ns):
    cpus = set()
    for index, (at, cpu) in enumerate(moves):
        until = moves[index + 1][0] if index + 1 < len(moves) else to_ns
        if at < to_ns and until > from_ns:
            cpus.add(cpu)
    return cpus


def occupants_between(oracle, cpu, from_ns, to_ns):
    instants, tids = oracle.occupants.get(cpu, ((), ()))
    index = bisect.bisect_right(instants, from_ns) - 1
    seen = set()
    if index >= 0:
        seen.add(tids[index])
    index += 1
    while index < len(instants) and instants[index] < to_ns:
        seen.add(tids[index])
        index += 1
    return seen


# --- files


class Skip(Exception):
    pass


def report_lines(stream):
    """The main buffer's lines: those of other instances have their name in front."""
    for line in stream:
        if line[:1] in " \t" or line.startswith("CPU:"):
            yield line


def run_oracle(path, trace_cmd):
    if path.endswith(".txt"):
        with oracle_module.open_text(path) as lines:
            return oracle_module.analyze(lines, keep_waits=True, keep_occupants=True)
    if not trace_cmd:
        raise Skip("trace-cmd is missing")
    with subprocess.Popen([trace_cmd, "report", "-t", "-N", "-i", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, encoding="utf-8", errors="surrogateescape") as child:
        oracle = oracle_module.analyze(report_lines(child.stdout), keep_waits=True, keep_occupants=True)
    if child.returncode:
        raise Skip("trace-cmd report fails on it, status %d" % child.returncode)
    return oracle


def choose_threshold(oracle):
    durations = sorted(lasted for thread in oracle.threads for lasted in thread.clean)
    for text, least_ns in THRESHOLDS:
        if len(durations) - bisect.bisect_left(durations, least_ns) <= MOST_STALLS:
            return text
    return THRESHOLDS[-1][0]


def run_program(program, path, stall):
    command = [program, "analyze", "--all", "--json", "--stall", stall, "--top", "0", path]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise ValueError("%s: status %d: %s" % (" ".join(command), done.returncode,
                                                done.stderr.decode("utf-8", "replace").strip()))
    try:
        return json.loads(done.stdout.decode("utf-8"))
    except ValueError as error:
        raise ValueError("%s: no valid JSON: %s" % (" ".join(command), error)) from error


def check_document(document, oracle, least_ns):
    """Findings about one document; stalls of at least least_ns are in it."""
    findings = Findings()
    source = document["source"]
    for name, expected in (("first_ns", oracle.first_at), ("last_ns", oracle.last_at),
                           ("events", oracle.events), ("losses", oracle.losses)):
        findings.expect(source[name] == expected, "source.%s is %d, oracle %d", name, source[name],
                        expected)
    for row in document["threads"]:
        check_thread_row(findings, row)
    check_totals(findings, document)
    for stall in document["stalls"]:
        check_stall(findings, stall, source["last_ns"], least_ns)
    check_threads(findings, document, oracle, document["stalls"], least_ns)
    check_stalls_complete(findings, document, oracle, least_ns)
    check_occupants(findings, document, oracle)
    return findings


def compare(path, options):
    """Findings, the oracle and the document of one file."""
    if not os.path.exists(path):
        raise Skip("no such file")
    oracle = run_oracle(path, options.trace_cmd)
    if not oracle.events:
        raise Skip("the oracle reads no event of it")
    stall = options.stall or choose_threshold(oracle)
    document = run_program(options.program, path, stall)
    return check_document(document, oracle, threshold_ns(stall)), oracle, document


def report(path, findings, oracle, document):
    reasons = collections.Counter()
    for counted, _ in findings.ambiguous:
        reasons.update(counted)
    print("%s %s threads=%d waits=%d wait_ns=%d stalls=%d ambiguous=%d%s" %
          ("FAILED" if findings.failed else "ok", path, len(document["threads"]),
           sum(thread.waits for thread in oracle.threads),
           sum(thread.wait_ns for thread in oracle.threads), len(document["stalls"]),
           len(findings.ambiguous),
           " (%s)" % ", ".join("%s %d" % item for item in sorted(reasons.items())) if reasons else ""))
    for text in findings.failures:
        print("  differs: " + text)
    if findings.failed > len(findings.failures):
        print("  and %d more" % (findings.failed - len(findings.failures)))
    shown = [(counted, text) for counted, text in findings.ambiguous if text]
    for counted, text in shown[:MOST_DETAILS]:
        print("  ambiguous (%s): %s" % (", ".join(sorted(counted)), text))
    for text in findings.notes[:MOST_DETAILS]:
        print("  note: " + text)


def main():
    parser = argparse.ArgumentParser(description="compare the program with the independent oracle")
    parser.add_argument("--program", required=True)
    parser.add_argument("--trace-cmd", default=shutil.which("trace-cmd"))
    parser.add_argument("--stall", help="list waits from here on; default: as many as fit into memory")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    counts = collections.Counter()
    for path in options.files:
        try:
            findings, oracle, document = compare(path, options)
            report(path, findings, oracle, document)
            counts["failed" if findings.failed else "passed"] += 1
        except Skip as why:
            print("skipped %s: %s" % (path, why))
            counts["skipped"] += 1
        except (ValueError, KeyError, TypeError) as error:
            print("FAILED %s\n  %s: %s" % (path, type(error).__name__, error))
            counts["failed"] += 1
        sys.stdout.flush()
    print("%d passed, %d failed, %d skipped" % (counts["passed"], counts["failed"], counts["skipped"]))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

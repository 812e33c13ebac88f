# SPDX-License-Identifier: GPL-2.0-only
"""Compares what `rtla-stall analyze` says of a recording with the truth of the scenario.

The truth is brackets: an instant surely before and one surely after each thing that happened. So the
load of the machine widens brackets and breaks nothing; beyond them only the time of two context
switches of that guest is tolerated.

Lines of [expect]; WHO is a name of the truth's threads or comm:GLOB, a time is a label of the truth:

wait WHO began=A..B ended=C..D [by=preemption]
    WHO had one wait with this beginning and this end. The next lines are about it:
part CAUSE/REASON[|...] [of=CULPRIT] [behalf=WHO] from=A..B|began to=C..D [alone]
    From one time to the other it was charged so; apart from interrupts (not with alone) and late
    inter-processor interrupts, as far as the culprit's own loop did not get that time either.
work FUNCTION [by=WHO]          what it was to run, and who queued that
waker WHO|irq:NAME              who woke it
cpus N... [*]                   the CPUs it waited on, in order; *: and others after them

moves WHO from=A to=B cpus=N,...,*  likewise of all its waits between A and B
each NAME most=CAUSE/REASON|... every waking of program waker is a wait, most are charged so for the most part
gaps NAME CAUSE/REASON longer=T times=N..M  waits charged so lie in gaps of program loop
sum WHO from=A to=B of=VALUE    the waits in between sum to no more than VALUE, and to half of it at least
only CAUSE/REASON|... for=WHO from=A to=B  nothing else is said of WHO's waits from A to B
field WHO PATH >= A..B [-T]     a number of the thread's row is at least the time from A to B, less T
losses                          events were lost, and that is said (else none may be)
flagged NAME                    of program waker's waits only those touched by a loss differ from truth
"""

import fnmatch
import json
import subprocess

ON_TOP = {"irq", "softirq", "nmi", "release-path"}
LATE_IPI = {"release jitter/remote", "blocking/irqs-off"}
CAUSES = ["interference_ns", "blocking_ns", "release_jitter_ns", "execution_ns", "unattributed_ns"]
ANALYZE_SECONDS = 120
TEXT_NS = 2000		# text shows whole microseconds


class Failure(Exception):
    """The analysis and the truth differ; the words say how."""


def milliseconds(ns):
    return f"{ns / 1e6:.3f} ms"


def duration_of(text):
    for unit, factor in (("us", 1000), ("ms", 1000000), ("s", 1000000000)):
        if text.endswith(unit) and text[:-len(unit)].isdigit():
            return int(text[:-len(unit)]) * factor
    raise ValueError(f"not a duration: {text}")


def keywords(words):
    return dict(word.split("=", 1) for word in words if "=" in word)


def kinds_of(text):
    """CAUSE/REASON|REASON CAUSE/REASON: a set of (cause, reason)."""
    found = set()
    cause = ""
    for part in text.replace(" ", "|").split("|"):
        if "/" in part:
            cause, part = part.split("/")
        found.add((cause.replace("-", " ") if cause == "release-jitter" else cause, part))
    return found


def kind_of(segment):
    return segment["cause"], segment["reason"] or "none"


def analyze(tool, trace, *options):
    """The JSON document with every wait in it."""
    done = subprocess.run([tool, "analyze", "--json", "--all", "--stall", "1ns", *options, trace],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=ANALYZE_SECONDS, check=False)
    if done.returncode:
        raise Failure(f"analyze exits {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return json.loads(done.stdout)


class Check:
    """One recording against its scenario."""

    def __init__(self, scenario, truth, document, switch_ns):
        self.scenario = scenario
        self.truth = truth
        self.document = document
        self.tolerance_ns = 2 * switch_ns + (TEXT_NS if document["source"]["format"] == "text" else 0)
        self.wait = None
        self.lines = []		# what to report

    def run(self):
        """Fill self.lines; raises Failure."""
        self._sums()
        if "losses" not in self.scenario.expect and self.document["source"]["losses"]:
            raise Failure(f"{self.document['source']['losses']} losses that nobody asked for")
        for line in self.scenario.expect:
            words = line.split()
            try:
                getattr(self, "_expect_" + words[0])(words[1:])
            except KeyError as error:
                raise Failure(f"{line}: {error}") from error

    # --- helpers ---

    def _say(self, what, low, high, found):
        """Truth, found, difference; the difference must be tolerable."""
        difference = found - low if found < low else found - high if found > high else 0
        truth = milliseconds(low) if low == high else f"{milliseconds(low)} to {milliseconds(high)}"
        self.lines.append(f"{what}: truth {truth}, found {milliseconds(found)}, "
                          f"difference {milliseconds(difference)}")
        if abs(difference) > self.tolerance_ns:
            raise Failure(f"{what} differs by {milliseconds(difference)}, "
                          f"tolerated are {milliseconds(self.tolerance_ns)}")

    def _is(self, who, tid, comm):
        if who.startswith("comm:"):
            return fnmatch.fnmatchcase(comm, who[5:])
        if who not in self.truth.threads:
            raise KeyError(f"the truth has no thread {who}")
        return self.truth.threads[who] == tid

    def _is_culprit(self, who, culprit):
        if culprit is None:
            return False
        kind, _, name = who.partition(":")
        if kind in ("irq", "softirq"):
            return culprit["kind"] == kind and culprit["name"] == name
        return culprit["kind"] == "thread" and self._is(who, culprit["id"], culprit["name"])

    def _waits_of(self, who):
        return [wait for wait in self.document["stalls"] if self._is(who, wait["tid"], wait["comm"])]

    @staticmethod
    def _charged(wait, kinds):
        return sum(segment["to_ns"] - segment["from_ns"] for segment in wait["segments"]
                   if kind_of(segment) in kinds)

    def _sums(self):
        """The parts of every wait sum to the whole, exactly, and follow each other."""
        for row in [self.document["totals"]] + self.document["threads"] + self.document["stalls"]:
            total = sum(row["causes"][cause] for cause in CAUSES)
            if total != row["wait_ns"]:
                raise Failure(f"causes sum to {total}, not {row['wait_ns']}: {row.get('comm', 'totals')}")
        for wait in self.document["stalls"]:
            at = wait["began_ns"]
            for segment in wait["segments"]:
                if segment["from_ns"] != at or segment["to_ns"] <= at:
                    raise Failure(f"segments of {wait['comm']} do not follow each other at {at}")
                at = segment["to_ns"]
            if wait["segments"] and not wait.get("segments_folded") and at != wait["began_ns"] + wait["wait_ns"]:
                raise Failure(f"segments of {wait['comm']} end at {at}")

    # --- one wait ---

    def _expect_wait(self, words):
        who, options = words[0], keywords(words[1:])
        began, ended = self.truth.bracket(options["began"]), self.truth.bracket(options["ended"])
        waits = [wait for wait in self._waits_of(who) if wait["ended_ns"] is not None]
        near = [wait for wait in waits if wait["began_ns"] <= ended[1] and wait["ended_ns"] >= began[0]]
        if not near:
            raise Failure(f"no wait of {who} between {began[0]} and {ended[1]} "
                          f"({len(waits)} at other times)")
        self.wait = max(near, key=lambda wait: wait["wait_ns"])
        self._say(f"{who}'s wait", max(0, ended[0] - began[1]), ended[1] - began[0], self.wait["wait_ns"])
        for what, (low, high) in (("began", began), ("ended", ended)):
            found = self.wait[what + "_ns"]
            if not low - self.tolerance_ns <= found <= high + self.tolerance_ns:
                raise Failure(f"{who}'s wait {what} at {found}, truth is {low} to {high}")
        if "by" in options and self.wait["began_by"] != options["by"]:
            raise Failure(f"{who}'s wait began by {self.wait['began_by']}")

    def _expect_part(self, words):
        kinds, options = kinds_of(words[0]), keywords(words[1:])
        start = ((self.wait["began_ns"],) * 2 if options["from"] == "began"
                 else self.truth.bracket(options["from"]))
        end = self.truth.bracket(options["to"])
        found = on_top = 0
        others = {}
        for segment in self.wait["segments"]:
            ns = min(segment["to_ns"], end[1]) - max(segment["from_ns"], start[0])
            inside_ns = min(segment["to_ns"], end[0]) - max(segment["from_ns"], start[1])
            if self._matches(segment, kinds, options):
                found += max(0, ns)
            elif segment["reason"] in ON_TOP and "alone" not in words:
                on_top += max(0, inside_ns)
            elif inside_ns > 0:
                key = f"{segment['cause']}/{segment['reason']}"
                others[key] = others.get(key, 0) + inside_ns
        # What the culprit itself did not get was not the culprit's: interrupts, and a CPU that the host
        # kept from looking at the one that asked it to switch.
        late = sum(ns for key, ns in others.items() if key in LATE_IPI)
        besides = min(on_top + late, self._gaps_of(options.get("of", "")) + self.tolerance_ns)
        text = f"{words[0]} of {options.get('of', 'it')}"
        if on_top:
            text += f" (besides {milliseconds(on_top)} of interrupts)"
        if others:
            text += " (and " + ", ".join(f"{milliseconds(ns)} {key}" for key, ns in others.items()) + ")"
        self._say(text, max(0, end[0] - start[1] - besides), end[1] - start[0], found)

    def _matches(self, segment, kinds, options):
        if kind_of(segment) not in kinds:
            return False
        if "of" in options and not self._is_culprit(options["of"], segment["culprit"]):
            return False
        return "behalf" not in options or self._is_culprit(options["behalf"], segment.get("on_behalf_of"))

    def _gaps_of(self, who):
        """What the loops of an actor or program did not get; of somebody whom one made do it: of any."""
        gaps = {name: ns for name, ns in self.truth.values.items() if name.endswith(".gaps")}
        own = [ns for name, ns in gaps.items() if name.startswith(who + ".")]
        return max(own or gaps.values(), default=0)

    def _expect_work(self, words):
        work, options = self.wait["work"], keywords(words[1:])
        if not work or work["function"] != words[0]:
            raise Failure(f"its work is {work and work['function']}, truth is {words[0]}")
        if "by" in options and not self._is_culprit(options["by"], work["queued_by"]):
            raise Failure(f"its work was queued by {work['queued_by']}, truth is {options['by']}")
        self.lines.append(f"work: {work['function']}, as it was")

    def _expect_waker(self, words):
        if not self._is_culprit(words[0], self.wait["waker"]):
            raise Failure(f"it was woken by {self.wait['waker']}, truth is {words[0]}")
        self.lines.append(f"waker: {words[0]}, as it was")

    def _expect_cpus(self, words):
        self._compare_cpus(self.wait["segments"], words)

    def _expect_moves(self, words):
        options = keywords(words)
        start, end = self.truth.at(options["from"]), self.truth.at(options["to"])
        waits = sorted(self._waits_of(words[0]), key=lambda wait: wait["began_ns"])
        self._compare_cpus([segment for wait in waits for segment in wait["segments"]
                            if segment["from_ns"] >= start and segment["to_ns"] <= end],
                           options["cpus"].split(","))

    def _compare_cpus(self, segments, words):
        found = []
        for segment in segments:
            if not found or found[-1] != segment["cpu"]:
                found.append(segment["cpu"])
        wanted = [int(word) for word in words if word != "*"]
        if found[:len(wanted)] != wanted or ("*" in words) != (len(found) > len(wanted)):
            raise Failure(f"it waited on CPUs {found}, truth is {' '.join(words)}")
        self.lines.append(f"CPUs: {found}, as it was")

    # --- many waits ---

    def _triples(self, name):
        return list(zip(self.truth.numbered(name, "before"), self.truth.numbered(name, "after"),
                        self.truth.numbered(name, "ran")))

    def _expect_each(self, words):
        name, kinds = words[0], kinds_of(keywords(words)["most"])
        waits = [wait for wait in self._waits_of(name) if wait["ended_ns"] is not None]
        mostly = 0
        worst = 0
        triples = self._triples(name)
        for i, (before, after, ran) in enumerate(triples):
            found = [wait for wait in waits if before - self.tolerance_ns <= wait["began_ns"] <=
                     after + self.tolerance_ns and wait["ended_ns"] <= ran + self.tolerance_ns]
            if not found:
                raise Failure(f"waking {i} of {name}, {before} to {after}, is no wait")
            worst = max(worst, found[0]["wait_ns"])
            mostly += 2 * self._charged(found[0], kinds) >= found[0]["wait_ns"]
        self.lines.append(f"{name}: truth {len(triples)} waits, found {len(triples)}, difference 0; "
                          f"{mostly} are mostly {keywords(words)['most']}; worst {milliseconds(worst)}")
        if not triples or 2 * mostly < len(triples):
            raise Failure(f"only {mostly} of {len(triples)} waits of {name} are {keywords(words)['most']}")

    def _expect_gaps(self, words):
        name, kinds, options = words[0], kinds_of(words[1]), keywords(words)
        gaps = list(zip(self.truth.numbered(name, "gone"), self.truth.numbered(name, "back")))
        longer = duration_of(options["longer"])
        start, end = self.truth.at(name + ".begin"), self.truth.at(name + ".end")
        waits = [wait for wait in self._waits_of(name) if self._charged(wait, kinds) >= longer and
                 start <= wait["began_ns"] and wait["began_ns"] + wait["wait_ns"] <= end]
        low, high = (int(n) for n in options["times"].split(".."))
        for wait in waits:
            inside = [gap for gap in gaps if gap[0] <= wait["began_ns"] + self.tolerance_ns and
                      gap[1] >= (wait["ended_ns"] or wait["began_ns"]) - self.tolerance_ns]
            if not inside:
                raise Failure(f"{name}'s wait at {wait['began_ns']} is in no gap of its loop")
            gap_ns = inside[0][1] - inside[0][0]
            self._say(f"{name} gone", self._charged(wait, kinds), gap_ns, wait["wait_ns"])
        if not low <= len(waits) <= high:
            raise Failure(f"{len(waits)} waits of {name} are {words[1]} for {options['longer']}, "
                          f"truth is {options['times']}")

    def _expect_sum(self, words):
        who, options = words[0], keywords(words)
        start, end = self.truth.at(options["from"]), self.truth.at(options["to"])
        found = sum(max(0, min(wait["began_ns"] + wait["wait_ns"], end) - max(wait["began_ns"], start))
                    for wait in self._waits_of(who))
        gaps = self.truth.values[options["of"]]
        self._say(f"{who}'s waits", gaps // 2, gaps, found)

    def _expect_only(self, words):
        kinds, options = kinds_of(" ".join(word for word in words if "=" not in word)), keywords(words)
        who, start, end = options["for"], self.truth.at(options["from"]), self.truth.at(options["to"])
        for wait in self._waits_of(who):
            for segment in wait["segments"]:
                if (kind_of(segment) not in kinds and
                        segment["from_ns"] >= start and segment["to_ns"] <= end):
                    raise Failure(f"{who}'s wait at {segment['from_ns']} is charged to "
                                  f"{segment['cause']}/{segment['reason']} "
                                  f"for {milliseconds(segment['to_ns'] - segment['from_ns'])}")

    def _expect_field(self, words):
        who, path, _, bracket = words[:4]
        rows = [row for row in self.document["threads"] if self._is(who, row["tid"], row["comm"])]
        if not rows:
            raise Failure(f"no row of {who}")
        found = rows[0]
        for key in path.split("."):
            found = found[key]
        low, high = self.truth.bracket(bracket)
        least = high - low - (duration_of(words[4][1:]) if len(words) > 4 else 0)
        self.lines.append(f"{who}'s {path}: truth at least {milliseconds(least)}, found {milliseconds(found)}, "
                          f"difference {milliseconds(max(0, least - found))}")
        if found < least - self.tolerance_ns:
            raise Failure(f"{who}'s {path} is {milliseconds(found)}")

    # --- losses ---

    def _expect_losses(self, words):
        source = self.document["source"]
        self.lines.append(f"losses: found {source['losses']} marks, {source['lost_events']} events"
                          + "".join(words))
        if not source["losses"]:
            raise Failure("events were lost, and nothing is said")

    def _expect_flagged(self, words):
        name = words[0]
        triples = self._triples(name)
        true = flagged = 0
        for wait in self._waits_of(name):
            if wait["touched_by_loss"] or wait["open"]:
                flagged += 1
            elif wait["began_by"] == "waking" and wait["began_ns"] >= triples[0][0]:
                if not any(before - self.tolerance_ns <= wait["began_ns"] <= after + self.tolerance_ns and
                           wait["ended_ns"] <= ran + self.tolerance_ns for before, after, ran in triples):
                    raise Failure(f"{name}'s wait from {wait['began_ns']} to {wait['ended_ns']} never was")
                true += 1
        self.lines.append(f"{name}: truth {len(triples)} waits; found {true} that are true, {flagged} flagged")
        if not true + flagged:
            raise Failure(f"no wait of {name}")


def compare(scenario, truth, document, switch_ns):
    """(the report's lines, None or how they differ)"""
    done = Check(scenario, truth, document, switch_ns)
    try:
        done.run()
    except Failure as error:
        return done.lines, str(error)
    return done.lines, None


def check(scenario, truth, trace, switch_ns, tool):
    """(the report's lines, None or why it failed)"""
    try:
        document = analyze(tool, trace)
    except (Failure, ValueError, subprocess.TimeoutExpired, OSError) as error:
        return [], str(error)
    return compare(scenario, truth, document, switch_ns)

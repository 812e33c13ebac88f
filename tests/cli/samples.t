#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# samples.t: each recording of sample-traces gets the verdict that sample-traces/expected/*.json tells. TAP.
#
# An expected object holds the members that count; a list has as many elements as the expected one; "first"
# is the first element of a list, and [lo, hi] below "between" a range. In every report the causes must sum to the wait. Needs python3.

if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP python3 is not installed'
	exit 0
fi
exec python3 - <<'END'
import glob
import json
import os
import subprocess
import sys

program = os.environ["RTLA_STALL"]
counts = {"tests": 0, "failed": 0}


def report(what, problems):
    counts["tests"] += 1
    counts["failed"] += bool(problems)
    print("%sok %d - %s" % ("not " if problems else "", counts["tests"], what))
    for problem in problems[:20]:
        print("#   " + problem)


def differences(expected, got, path=""):
    if isinstance(expected, dict) and "between" in expected:
        low, high = expected["between"]
        if not isinstance(got, int) or not low <= got <= high:
            yield "%s: wanted %d to %d, got %r" % (path, low, high, got)
    elif isinstance(expected, dict) and "first" in expected:
        if not got:
            yield "%s is empty" % path
        else:
            yield from differences(expected["first"], got[0], path + "[0]")
    elif isinstance(expected, dict):
        for key, value in expected.items():
            if not isinstance(got, dict) or key not in got:
                yield "%s.%s is missing" % (path, key)
            else:
                yield from differences(value, got[key], "%s.%s" % (path, key))
    elif isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            yield "%s: wanted %d, got %s" % (path, len(expected), len(got) if isinstance(got, list) else got)
            return
        for number, value in enumerate(expected):
            yield from differences(value, got[number], "%s[%d]" % (path, number))
    elif expected != got:
        yield "%s: wanted %r, got %r" % (path, expected, got)


def sums(document):
    rows = [("totals", document["totals"])]
    rows += [("thread %d" % row["tid"], row) for row in document["threads"]]
    rows += [("stall of %d" % row["tid"], row) for row in document["stalls"]]
    for name, row in rows:
        if sum(row["causes"].values()) != row["wait_ns"]:
            yield "%s: causes sum to %d of %d ns" % (name, sum(row["causes"].values()), row["wait_ns"])
    for stall in document["stalls"]:
        covered = sum(segment["to_ns"] - segment["from_ns"] for segment in stall["segments"])
        if not stall["segments_folded"] and covered != stall["wait_ns"]:
            yield "stall of %d: segments sum to %d of %d ns" % (stall["tid"], covered, stall["wait_ns"])


samples = sorted(glob.glob("sample-traces/*.dat") + glob.glob("sample-traces/*.txt"))
for sample in samples:
    name = os.path.basename(sample)
    expected_path = "sample-traces/expected/%s.json" % os.path.splitext(name)[0]
    if not os.path.exists(expected_path):
        report(name + " has an expected verdict", [expected_path + " is missing"])
        continue
    with open(expected_path) as file:
        expected = json.load(file)
    command = [program, "analyze", "--json"] + expected.get("options", []) + [sample]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    report(name + " is read without complaint", [] if run.returncode == 0 and not run.stderr else
           ["exit status %d, %r" % (run.returncode, run.stderr)])
    try:
        document = json.loads(run.stdout)
    except ValueError as error:
        report(name + " gives JSON", [str(error)])
        continue
    report(name + " gets the expected verdict", list(differences(expected["report"], document)))
    report(name + ": causes and segments sum to the waits", list(sums(document)))
    text = subprocess.run([program, "analyze"] + expected.get("options", []) + [sample],
                          stdout=subprocess.PIPE).stdout.decode()
    report(name + ": the text says it too",
           ["%r is missing" % words for words in expected.get("text", []) if words not in text])
if not samples:
    report("there are samples", ["none found"])
print("1..%d" % counts["tests"])
sys.exit(counts["failed"] > 0)
END

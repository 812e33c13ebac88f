#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# json-fields.t: the fields of JSON that the man pages describe are those that `analyze --json` and `hist merge
# --json` write, all of them and no others. Fields that only a live run has: tests/live/json-fields.t. TAP. Needs
# python3.

if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP python3 is not installed'
	exit 0
fi
exec python3 - <<'END'
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/tools")
sys.dont_write_bytecode = True
import json_fields

program = os.environ["RTLA_STALL"]
fields = json_fields.Fields("rtla-stall/Documentation/common_json_description.txt")
directory = tempfile.TemporaryDirectory()
counts = {"tests": 0, "failed": 0}

LIVE = {"facts", "hits.threshold_ns", "source.wall_offset_ns", "stalls[].began_wall_ns"} | {
    "facts." + field for field in fields.places["facts"]}


def report(what, problems):
    counts["tests"] += 1
    counts["failed"] += bool(problems)
    print("%sok %d - %s" % ("not " if problems else "", counts["tests"], what))
    for problem in sorted(problems)[:40]:
        print("#   " + ascii(problem))


def check(what, *arguments):
    """Return: the document that is written to standard output."""
    result = subprocess.run((program,) + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        document = json.loads(result.stdout.decode("utf-8"))
    except ValueError as error:
        report(what, ["exit status %d, %r, %s" % (result.returncode, result.stderr, error)])
        return None
    report(what, fields.meet(document))
    return document


def analyze(what, path):
    return check("analyze of %s: every field is described" % what, "analyze", "--json", "--all", "--stall", "1us", path)


def put(name, content):
    path = os.path.join(directory.name, name)
    with open(path, "wb") as out:
        out.write(content)
    return path


samples = ["sample-traces/kworker-starved-6.1-rt.dat", "sample-traces/timerlat-sched-6.1-rt.dat",
           "sample-traces/timerlat-irq-stop-6.12-rt.txt", "sample-traces/bench/pi-rtmutex@6.1-rt.dat"]
documents = [analyze(os.path.basename(sample), sample) for sample in samples]

with open(samples[0], "rb") as sample:
    content = sample.read()
analyze("a damaged file", put("damaged", content[:-4096]))

# What no recording has: a stack while a thread waits, a return to user space.
switch = (b"   a-%d [001] d..2. 1.0%05d: sched_switch: prev_comm=a prev_pid=%d prev_prio=120 prev_state=%s ==>"
          b" next_comm=b next_pid=%d next_prio=120\n")
analyze("stacks and samples of user space", put("text", b"# tracer: nop\n#\n" + b"".join([
    switch % (7, 10, 7, b"S", 8),
    b"   a-8 [001] d..2. 1.000020: sched_waking: comm=a pid=7 prio=120 target_cpu=001\n",
    b"   a-8 [001] dN.2. 1.000030: <stack trace>\n => schedule\n => worker_thread\n",
    switch % (8, 50, 8, b"R", 7),
    b"   a-7 [001] ..... 1.000060: #1 context user timer_latency 900 ns\n"])))

# A pipe is full until it is read: then the program is past its beginning, and takes a signal for an end.
line = b"   a-7 [001] d..2. 1.000020: sched_waking: comm=a pid=8 prio=120 target_cpu=001\n"
child = subprocess.Popen([program, "analyze", "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
child.stdin.write(b"# tracer: nop\n#\n" + line * 4096)
child.stdin.flush()
child.send_signal(signal.SIGINT)
output = child.communicate(line)[0]
report("analyze that was interrupted: every field is described", fields.meet(json.loads(output.decode("utf-8"))))


def histogram(key, what):
    row = dict(key, what=what, count=1, sum_ns=70, min_ns=70, max_ns=70, log=[[70, 70, 1]],
               linear={"bucket_ns": 1000, "entries": 10, "over": 0, "counts": [1]})
    return dict(row, open=0, open_max_ns=0, touched_by_loss=0) if what == "wait" else row


if documents[0]:
    thread = documents[0]["threads"][0]
    runs = [put("run%d" % number, json.dumps(dict(
        documents[0], command="hist", facts={}, hits={"count": 0, "unreported": 0}, histograms=[
            histogram({"cpu": 1}, "irq"), histogram({"tid": thread["tid"], "comm": thread["comm"]}, "wait")]
    )).encode()) for number in range(2)]
    result = subprocess.run([program, "hist", "merge", "--json"] + runs, stdout=subprocess.PIPE)
    merged = json.loads(result.stdout.decode("utf-8"))
    report("hist merge: every field is described", fields.meet(merged))

missing = fields.missing()
report("every field that is described is there", missing - LIVE)
report("of those that only live runs have, none is there", LIVE - missing)
print("1..%d" % counts["tests"])
sys.exit(bool(counts["failed"]))
END

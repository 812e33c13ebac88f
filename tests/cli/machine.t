#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# machine.t: JSON and CSV load, sum, and agree; whatever a name in the trace holds stays a name, in them
# and in the text. TAP. Needs python3.

if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP python3 is not installed'
	exit 0
fi
exec python3 - <<'END'
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import tempfile

program = os.environ["RTLA_STALL"]
counts = {"tests": 0, "failed": 0}
environment = dict(os.environ, LC_ALL="C", TERM="xterm")
environment.pop("NO_COLOR", None)


def report(what, problems):
    counts["tests"] += 1
    counts["failed"] += bool(problems)
    print("%sok %d - %s" % ("not " if problems else "", counts["tests"], what))
    for problem in problems[:20]:
        print("#   " + ascii(problem))


def run(*arguments, trace=b""):
    return subprocess.run([program, "analyze"] + list(arguments), input=trace, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def switch(at, cpu, prev, prev_tid, state, following, next_tid, prios=(120, 120)):
    return (b"   x-1 [%03d] d..2. %s: sched_switch: prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s"
            b" ==> next_comm=%s next_pid=%d next_prio=%d\n" %
            (cpu, at, prev, prev_tid, prios[0], state, following, next_tid, prios[1]))


def wake(at, comm, tid, cpu=0):
    return b"   x-1 [000] d..2. %s: sched_waking: comm=%s pid=%d prio=120 target_cpu=%03d\n" % (at, comm, tid, cpu)


# Sixteen bytes hold fifteen of a name.
NAMES = [b"\x1b[2J\x1b]0;x\x07", b"a,b;\"c'd", b"\xff\xfe\x80 bad", b"caf\xc3\xa9", b"cut\xe2\x82",
         b"c1 \xc2\x9b31m \x7f", b"%s%n%x", b"</script>\\u00", b"tab\there", b"\xed\xa0\x80\xf4\x90\x80\x80"]
trace = b"# tracer: nop\n#\n"
for number, name in enumerate(NAMES):
    second = 10 + number
    trace += wake(b"%d.000000" % second, name, 1000 + number)
    trace += switch(b"%d.020000" % second, 0, b"hog", 9, b"R", name, 1000 + number)
    trace += switch(b"%d.030000" % second, 0, name, 1000 + number, b"S", b"hog", 9)

result = run("--all", "--json", "-", trace=trace)
problems = [] if result.returncode == 0 else ["exit status %d, %r" % (result.returncode, result.stderr)]
document = {"threads": [], "stalls": [], "culprits": [], "totals": {}}
try:
    document = json.loads(result.stdout.decode("utf-8"))
except ValueError as error:
    problems.append(str(error))
report("JSON of hostile names is JSON, in valid UTF-8", problems)
names = {row["tid"]: row["comm"] for row in document["threads"]}
wanted = {1000 + number: name.decode("utf-8", "replace") for number, name in enumerate(NAMES)}
# How many U+FFFD a broken character becomes differs between decoders.
fold = re.compile("\ufffd+")
report("JSON keeps names, bad bytes replaced",
       ["%d: %r, not %r" % (tid, names.get(tid), wanted[tid]) for tid in wanted
        if fold.sub("\ufffd", names.get(tid, "")) != fold.sub("\ufffd", wanted[tid])])
report("JSON itself has no byte a terminal would obey",
       [repr(match) for match in re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", result.stdout)])

result = run("--all", "--csv", "-", trace=trace)
rows = list(csv.DictReader(io.StringIO(result.stdout.decode("ascii", "replace"), newline="")))
problems = []
for row, thread in zip(rows, document["threads"]):
    flat = dict(thread)
    flat.update(flat.pop("causes"))
    flat.update(("response_" + key, value) for key, value in flat.pop("response").items())
    flat.update((key if key == "ns" else "suspension_" + key, value)
                for key, value in flat.pop("suspension").items())
    flat["suspension_ns"] = flat.pop("ns")
    for key in row:
        if key not in ("comm", "kthread") and int(row[key]) != flat[key]:
            problems.append("%s: %s is %s, not %s" % (row["tid"], key, row[key], flat[key]))
    if set(row) != set(flat):
        problems.append("columns: %s" % sorted(set(row) ^ set(flat)))
if len(rows) != len(document["threads"]) or not rows:
    problems.append("%d rows for %d threads" % (len(rows), len(document["threads"])))
report("CSV says what the JSON says of threads", problems)
report("CSV quotes", [row["comm"] for row in rows if row["tid"] == "1001" and row["comm"] != "a,b;\"c'd"])

text = run("--all", "--top", "0", "-", trace=trace).stdout
report("text has printable ASCII only", [repr(text)] if re.search(rb"[^\n\x20-\x7e]", text) else [])
report("and shows what it did not print", [name for name in (rb"\x1b[2J\x1b]0;x\x07", rb"caf\xc3\xa9", rb"%s%n%x")
                                           if name not in text])


def on_terminal(env):
    parent, child = pty.openpty()
    process = subprocess.Popen([program, "analyze", "--all", "-"], stdin=subprocess.PIPE, stdout=child,
                               stderr=child, env=env)
    os.close(child)
    process.stdin.write(trace)
    process.stdin.close()
    output = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    process.wait()
    os.close(parent)
    return output


coloured = on_terminal(environment)
report("on a terminal there are colours, and no other escapes",
       [] if b"\x1b[1m" in coloured and not re.search(rb"\x1b(?!\[[0-9]+m)", coloured) else [repr(coloured[:500])])
plain = on_terminal(dict(environment, NO_COLOR="1"))
report("NO_COLOR is heeded", [repr(plain[:500])] if b"\x1b" in plain else [])
report("colours are all the difference",
       [] if re.sub(rb"\x1b\[[0-9]+m", b"", coloured) == plain else ["the words differ"])

stalls = json.loads(run("--all", "--json", "--stall", "0", "-", trace=trace).stdout)
problems = []
for row in [stalls["totals"]] + stalls["threads"] + stalls["stalls"]:
    if sum(row["causes"].values()) != row["wait_ns"]:
        problems.append("causes of %r" % row)
for row in stalls["stalls"]:
    at = row["began_ns"]
    for segment in row["segments"]:
        if segment["from_ns"] != at or segment["to_ns"] <= at:
            problems.append("segments of %r" % row)
        at = segment["to_ns"]
    if row["wait_ns"] and at != (row["ended_ns"] if not row["open"] else stalls["source"]["last_ns"]):
        problems.append("end of %r" % row)
for key in ("waits", "open", "wait_ns"):
    if sum(row[key] for row in stalls["threads"]) != stalls["totals"][key]:
        problems.append("threads do not sum to totals in " + key)
if sum(row["ns"] for row in stalls["culprits"]) != stalls["totals"]["wait_ns"]:
    problems.append("culprits do not sum to totals")
if len(stalls["stalls"]) != stalls["totals"]["waits"] or stalls["stalls_omitted"]:
    problems.append("%d stalls of %d waits" % (len(stalls["stalls"]), stalls["totals"]["waits"]))
lengths = [row["wait_ns"] for row in stalls["stalls"]]
if lengths != sorted(lengths, reverse=True):
    problems.append("stalls are not in order")
report("everything sums: segments, causes, threads, culprits, totals", problems)

schema = {"schema", "command", "version", "source", "totals", "threads", "culprits", "stalls"}
report("the document has its members", sorted(schema - set(document)))
report("times are integers", [repr(row) for row in stalls["threads"]
                              if not all(isinstance(value, int) for key, value in row.items() if key.endswith("_ns"))])

# Many waits: more than are kept; what is left out is counted, and no shorter one is kept for a longer one.
many = bytearray(b"# tracer: nop\n#\n")
at = 0
for number in range(60000):
    at += 5
    many += wake(b"%d.%06d" % (at // 1000000, at % 1000000), b"w", 77)
    at += 1 + number * 7919 % 97
    many += switch(b"%d.%06d" % (at // 1000000, at % 1000000), 0, b"hog", 9, b"R", b"w", 77)
    at += 5
    many += switch(b"%d.%06d" % (at // 1000000, at % 1000000), 0, b"w", 77, b"S", b"hog", 9)
with tempfile.NamedTemporaryFile(suffix=".txt") as file:
    file.write(many)
    file.flush()
    kept = json.loads(run("--json", "--stall", "0", "--task", "77", file.name).stdout)
problems = []
if kept["totals"]["waits"] != 60000:
    problems.append("%d waits" % kept["totals"]["waits"])
if len(kept["stalls"]) + kept["stalls_omitted"] != 60000 or not kept["stalls_omitted"]:
    problems.append("%d kept and %d left out" % (len(kept["stalls"]), kept["stalls_omitted"]))
if kept["stalls"][-1]["wait_ns"] < 97000 * len(kept["stalls"]) // 60000 // 2:
    problems.append("the shortest kept is %d ns" % kept["stalls"][-1]["wait_ns"])
report("when stalls are too many the longest are kept, the others counted", problems)

print("1..%d" % counts["tests"])
sys.exit(counts["failed"] > 0)
END

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# hist-merge.t: `rtla-stall hist merge` adds runs up: exactly, whatever names are in them, and damaged or
# foreign files are refused with nothing written. TAP. Needs python3.

if ! command -v python3 >/dev/null; then
	echo '1..0 # SKIP python3 is not installed'
	exit 0
fi
exec python3 - <<'END'
import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile

program = os.environ["RTLA_STALL"]
counts = {"tests": 0, "failed": 0}
environment = dict(os.environ, LC_ALL="C", TZ="UTC")
CAUSES = ["interference_ns", "blocking_ns", "release_jitter_ns", "execution_ns", "unattributed_ns"]
NAMES = ["kworker/3:1", "rcuc/3", "a,b;\"c'd", "caf\u00e9", "\u001b[2J\u009b31m\u007f", "%s%n", "\ufffd"]
BUCKET, ENTRIES = 1000, 50


def report(what, problems):
    counts["tests"] += 1
    counts["failed"] += bool(problems)
    print("%sok %d - %s" % ("not " if problems else "", counts["tests"], what))
    for problem in problems[:20]:
        print("#   " + ascii(problem))


def run(*arguments):
    return subprocess.run([program, "hist", "merge"] + list(arguments), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def log_bucket(ns):
    if ns < 64:
        return ns, ns
    shift = ns.bit_length() - 7
    return ns >> shift << shift, (ns >> shift << shift) + (1 << shift) - 1


def histogram(key, what, samples):
    log, linear, over = {}, {}, 0
    for ns in samples:
        log[log_bucket(ns)] = log.get(log_bucket(ns), 0) + 1
        if ns // BUCKET < ENTRIES:
            linear[ns // BUCKET] = linear.get(ns // BUCKET, 0) + 1
        else:
            over += 1
    return dict(key, what=what, count=len(samples), sum_ns=sum(samples), min_ns=min(samples), max_ns=max(samples),
                open=0, open_max_ns=0, touched_by_loss=0, log=[[a, b, n] for (a, b), n in sorted(log.items())],
                linear={"bucket_ns": BUCKET, "entries": ENTRIES, "over": over,
                        "counts": [linear.get(i, 0) for i in range(max(linear, default=-1) + 1)]})


def causes(ns):
    parts = [random.randrange(ns // 5 + 1) for cause in CAUSES[1:]]
    return dict(zip(CAUSES, [ns - sum(parts)] + parts))


def machine(seed):
    """A run, and the samples it is made of."""
    random.seed(seed)
    samples = {("irq", 0): [], ("irq", 3): [], ("thread", 3): []}
    for name in random.sample(NAMES, 4):
        samples["wait", name] = []
    for key in samples:
        samples[key] = [int(random.lognormvariate(10, 3)) for i in range(random.randrange(1, 400))]
    rows = [(number, name, samples["wait", name]) for number, (what, name) in enumerate(samples) if what == "wait"]
    threads = [{"tid": seed * 100 + number, "comm": name, "kthread": True, "waits": len(waits), "open": 0,
                "wait_ns": sum(waits), "max_ns": max(waits), "causes": causes(sum(waits)), "touched_by_loss": 0,
                "threads": 1}
               for number, name, waits in rows]
    totals = {"threads": len(threads), "ended": seed + 1, "waits": sum(t["waits"] for t in threads), "open": 0,
              "wait_ns": sum(t["wait_ns"] for t in threads), "touched_by_loss": 0,
              "causes": {cause: sum(t["causes"][cause] for t in threads) for cause in CAUSES}}
    culprits = [{"kind": "thread", "name": random.choice(NAMES), "id": seed, "cause": cause[:-3].replace("_", " "),
                 "reason": None, "ns": ns, "waits": 1, "worst_ns": ns} for cause, ns in totals["causes"].items()]
    stalls = [{"tid": t["tid"], "comm": t["comm"], "cpu": 3, "began_ns": 5, "ended_ns": 5 + t["max_ns"], "open": False,
               "wait_ns": t["max_ns"], "causes": causes(t["max_ns"]), "most": None, "segments": []} for t in threads]
    return samples, {
        "schema": "rtla-stall/1", "command": "hist", "version": "0.1.0",
        "source": {"path": "", "format": "live", "kernel": "6.12", "first_ns": 0, "last_ns": 10**9, "events": 100,
                   "losses": 0, "lost_events": 0, "truncated": False, "missing_events": [], "anomalies": {}},
        "totals": totals, "threads": threads, "culprits": culprits, "stalls": stalls, "stalls_omitted": 0,
        "histograms": [histogram({"cpu": key} if isinstance(key, int) else {"tid": seed, "comm": key}, what, list_)
                       for (what, key), list_ in samples.items()]}


directory = tempfile.TemporaryDirectory()
paths, machines = [], [machine(seed) for seed in range(1, 6)]
for number, (samples, document) in enumerate(machines):
    paths.append(os.path.join(directory.name, "run %d.json" % number))
    with open(paths[-1], "w", encoding="utf-8") as out:
        json.dump(document, out, ensure_ascii=False)

result = run("--json", *paths)
problems = [] if result.returncode == 0 else ["exit status %d, %r" % (result.returncode, result.stderr)]
try:
    merged = json.loads(result.stdout.decode("utf-8"))
except ValueError as error:
    report("it writes JSON", problems + [str(error)])
    print("1..%d" % counts["tests"])
    sys.exit(1)
report("it writes JSON", problems)
report("JSON itself has no byte a terminal would obey",
       [repr(match) for match in re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", result.stdout)])

whole = {}
for samples, document in machines:
    for key, list_ in samples.items():
        whole.setdefault(key, []).extend(list_)
problems = []
for row in merged["histograms"]:
    key = (row["what"], row["cpu"] if "cpu" in row else row["comm"])
    wanted = histogram({}, row["what"], whole.pop(key))
    for field in ("count", "sum_ns", "min_ns", "max_ns", "log", "linear"):
        if row[field] != wanted[field]:
            problems.append("%r: %s is %r, not %r" % (key, field, row[field], wanted[field]))
report("histograms are those of all samples together", problems + ["missing: %r" % (key,) for key in whole])

problems = []
for row in merged["histograms"]:
    key = (row["what"], row["cpu"] if "cpu" in row else row["comm"])
    ordered = sorted(ns for samples, document in machines for ns in samples.get(key, []))
    for field, per_mille in (("p50_ns", 500), ("p99_ns", 990), ("p999_ns", 999)):
        exact = ordered[(len(ordered) * per_mille + 999) // 1000 - 1]
        if abs(row[field] - exact) > exact / 100 + 1:
            problems.append("%r: %s is %d, not about %d" % (key, field, row[field], exact))
report("percentiles are those of all samples, to 1 %", problems)

documents = [document for samples, document in machines]
problems = []
for field in ("threads", "ended", "waits", "open", "wait_ns", "touched_by_loss"):
    if merged["totals"][field] != sum(document["totals"][field] for document in documents):
        problems.append("%s is %d" % (field, merged["totals"][field]))
for cause in CAUSES:
    if merged["totals"]["causes"][cause] != sum(document["totals"]["causes"][cause] for document in documents):
        problems.append("%s is %d" % (cause, merged["totals"]["causes"][cause]))
if sum(merged["totals"]["causes"].values()) != merged["totals"]["wait_ns"]:
    problems.append("causes do not sum to wait_ns")
report("totals and causes are sums", problems)

culprits = {}
for document in documents:
    for row in document["culprits"]:
        key = (row["kind"], row["name"], row["cause"], row["reason"])
        culprits[key] = culprits.get(key, 0) + row["ns"]
found = {(row["kind"], row["name"], row["cause"], row["reason"]): row["ns"] for row in merged["culprits"]}
report("culprits are sums by kind, name, cause and reason", [] if found == culprits else ["%r, not %r" % (found, culprits)])
threads = {}
for document in documents:
    for row in document["threads"]:
        threads[row["comm"]] = threads.get(row["comm"], 0) + row["wait_ns"]
found = {row["comm"]: row["wait_ns"] for row in merged["threads"]}
report("threads are sums by name", [] if found == threads else ["%r, not %r" % (found, threads)])

stalls = sorted((row["wait_ns"], row["comm"], path) for path, document in zip(paths, documents) for row in document["stalls"])
found = sorted((row["wait_ns"], row["comm"], row["path"]) for row in merged["stalls"])
report("stalls are listed with the path of their run", [] if found == stalls else ["%r, not %r" % (found, stalls)])
report("the longest stall is the first", [] if [row["wait_ns"] for row in merged["stalls"]] ==
       sorted((row["wait_ns"] for row in merged["stalls"]), reverse=True) else ["not ordered"])
report("every run is a source", [] if [row["path"] for row in merged["sources"]] == paths else [repr(merged["sources"])])

some = os.path.join(directory.name, "some")
result = run("--json=" + some, *paths[:2])
report("--json=FILE leaves standard output empty", [] if result.returncode == 0 and not result.stdout else [repr(result)])
again = json.loads(run("--json", some, *paths[2:]).stdout.decode("utf-8"))
report("what was merged can be merged again",
       [key for key in ("histograms", "totals", "threads", "culprits", "sources") if again[key] != merged[key]])

result = run("--csv", *paths)
rows = list(csv.DictReader(io.StringIO(result.stdout.decode("ascii"), newline="")))
report("CSV counts what JSON does", [] if sum(int(row["count"]) for row in rows) ==
       sum(row["count"] for row in merged["histograms"]) else [repr(rows[:3])])
result = run(*paths)
report("text is printable ASCII", [repr(match) for match in re.findall(rb"[^\n -~]", result.stdout)] +
       ([] if result.returncode == 0 and b"over:" in result.stdout else [repr(result.stderr)]))


def refused(what, path, words):
    result = run("--json", paths[0], path)
    said = result.stderr.decode("ascii", "replace")
    good = result.returncode == 1 and not result.stdout and words in said and said.count("\n") == 1
    report(what, [] if good else ["exit status %d, %r, %r" % (result.returncode, result.stdout[:80], said)])


def put(name, data):
    path = os.path.join(directory.name, name)
    with open(path, "wb") as out:
        out.write(data)
    return path


refused("a file given twice is refused", paths[0], "is given twice")
refused("a file that is not there is refused", os.path.join(directory.name, "none"), "No such file")
refused("a directory is refused", directory.name, "Is a directory")
refused("another schema is refused", put("other", b'{"schema":"rtla-stall/9"}'), "schema")
refused("a document without histograms is refused",
        put("analyze", json.dumps({k: v for k, v in documents[1].items() if k != "histograms"}).encode()), "histograms")
wide = json.loads(json.dumps(documents[1]))
for row in wide["histograms"]:
    row["linear"]["bucket_ns"] = 2000
refused("other buckets are refused", put("wide", json.dumps(wide).encode()), "2000 ns wide, those before 1000 ns")

# Every way to cut or damage a document is refused, or leaves sums that are numbers; none crashes.
text = json.dumps(documents[0]).encode()
problems = []
random.seed(42)
for attempt in range(200):
    damaged = bytearray(text)
    for change in range(random.randrange(1, 4)):
        at = random.randrange(len(damaged))
        damaged[at:at + random.randrange(3)] = bytes(random.choice(b'0123456789{}[]",:-e\x00\xff')
                                                     for byte in range(random.randrange(3)))
    if attempt % 4 == 0:
        damaged = damaged[:random.randrange(len(damaged))]
    result = run("--json", paths[1], put("damaged", bytes(damaged)))
    if result.returncode not in (0, 1) or (result.returncode and result.stdout):
        problems.append("attempt %d: exit status %d, %r" % (attempt, result.returncode, result.stderr[:200]))
report("damaged documents do no harm", problems)

print("1..%d" % counts["tests"])
sys.exit(bool(counts["failed"]))
END

# SPDX-License-Identifier: GPL-2.0-only
"""Compares what `rtla-stall top` or `hist` said of a scenario with its truth, and with what `analyze` says of
the trace that the same run saved: of every wait wholly inside that trace the same, to the nanosecond.

In a directory of results FACE.json is the document and FACE.dat the trace; FACE.2.txt, if it is there, the
trace as text, saved second; FACE.err what it said; instances what was left in tracefs after it.
"""

import json
import os
import re
import subprocess

from . import check as recorded
from .scenario import Truth

# Of a wall clock there is nothing in a trace; that a thread is one of the kernel, live has from the kernel.
ONLY_LIVE = {"began_wall_ns", "ended_wall_ns", "kthread"}


def load(directory, face):
    with open(os.path.join(directory, face + ".json"), encoding="utf-8") as file:
        return json.load(file)


def differences(ours, theirs, path=""):
    """
    Where two parts of documents differ, in words. What the trace lets one but infer, live may know: from /proc,
    which it read before.
    """
    if path.endswith("inferred") and (ours, theirs) == (False, True):
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            if key not in ONLY_LIVE:
                yield from differences(ours.get(key), theirs.get(key), f"{path}.{key}" if path else key)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, (our, their) in enumerate(zip(ours, theirs)):
            yield from differences(our, their, f"{path}[{i}]")
    elif ours != theirs:
        yield f"{path}: {ours} live, {theirs} in the trace"


def is_inside(wait, first_ns, last_ns):
    """Whether a trace from @first_ns to @last_ns has all there is to know of it."""
    return wait["ended_ns"] is not None and wait["began_ns"] > first_ns and wait["ended_ns"] < last_ns


def waits_inside(document, first_ns, last_ns):
    """By thread and beginning: waits that began by themselves, not those that something had to find."""
    return {(wait["tid"], wait["began_ns"]): wait for wait in document["stalls"]
            if is_inside(wait, first_ns, last_ns) and wait["began_by"] != "found"}


def first_switches(path):
    """By CPU: when the trace's first switch there was. What had the CPU before that, no trace tells for certain."""
    command = ["trace-cmd", "report", "-t", "-R", "-F", "sched_switch", path]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=False)
    found = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        match = re.search(r" \[(\d+)\].* (\d+)\.(\d{9}): sched_switch: ", line)
        if match:
            found.setdefault(int(match.group(1)), int(match.group(2) + match.group(3)))
    return found


def is_early(wait, from_ns, switches):
    """Whether it began before all was known: before @from_ns, or before a CPU that it waited on had a switch."""
    cpus = {wait["cpu"]} | {segment["cpu"] for segment in wait["segments"]}
    return wait["began_ns"] < from_ns or any(wait["began_ns"] <= switches.get(cpu, wait["began_ns"]) for cpu in cpus)


def lost_ends(document):
    """Waits that do not end because that was lost: that the thread is gone, live has from /proc."""
    return {(wait["tid"], wait["began_ns"]) for wait in document["stalls"]
            if wait["ended_ns"] is None and wait["touched_by_loss"]}


def compare(live, saved, from_ns, switches):
    """
    (the report's lines, None or how the two documents differ). Until @from_ns, and until the first of @switches on
    a CPU, /proc may have shown to live what no trace shows; what comes of that may differ.
    """
    source = saved["source"]
    if live["stalls_omitted"] or saved["stalls_omitted"]:
        return [], "there was no room for all waits, so nothing can be compared"
    last_ns = min(source["last_ns"], live["source"]["last_ns"])
    ours, theirs = waits_inside(live, 0, last_ns), waits_inside(saved, 0, last_ns)
    wrong, nr_early, endless = [], 0, lost_ends(saved)
    for key in sorted((ours.keys() | theirs.keys()) - endless, key=lambda key: key[1]):
        our, their = ours.get(key), theirs.get(key)
        odd = (list(differences(our, their)) if our and their else
               ["is only live" if our else "is only in the trace"])
        if odd and is_early(their or our, max(from_ns, source["first_ns"]), switches):
            nr_early += 1
        elif odd:
            wrong += [f"{(our or their)['comm']}'s wait at {key[1]}: {words}" for words in odd]
    if not any(began_ns >= from_ns for _, began_ns in ours):
        wrong.append("no wait is inside the trace")
    lines = [f"{len(ours.keys() - endless) - nr_early} waits are the same live and in the saved trace"]
    if nr_early:
        lines.append(f"{nr_early} are not, that began before tracing was up on each CPU")
    elif source["first_ns"] == live["source"]["first_ns"] and source["last_ns"] == live["source"]["last_ns"]:
        nr_rows, odd = compare_rows(live, saved, {tid for tid, _ in endless})
        wrong += odd
        lines.append(f"{nr_rows} threads too, for it holds the whole run")
    return (lines, None) if not wrong else ([], "\n".join(wrong[:8] + [f"{len(wrong)} differences"]))


def compare_rows(live, saved, endless):
    """@endless: threads whose rows differ, for they have waits whose ends were lost."""
    ours, theirs = ({row["tid"]: row for row in document["threads"] if row["tid"] not in endless}
                    for document in (live, saved))
    wrong = [f"the row of thread {tid} is in one of them only" for tid in ours.keys() ^ theirs.keys()]
    for tid in ours.keys() & theirs.keys():
        wrong += [f"{ours[tid]['comm']}'s row: {words}" for words in differences(ours[tid], theirs[tid])]
    if not endless:
        wrong += [f"totals: {words}" for words in differences(live["totals"], saved["totals"])]
    return len(ours), wrong


def check(scenario, directory, face, switch_ns, tool):
    """(the report's lines, None or why it failed)"""
    lines = []
    try:
        live = load(directory, face)
        with open(os.path.join(directory, "instances"), encoding="utf-8") as file:
            if file.read().strip():
                return lines, "instances are left in tracefs"
        truth = Truth.read(os.path.join(directory, "truth"), live["source"]["clock"])
        documents = {"live": live}
        # It watched those CPUs only.
        cpus = ["-c", scenario.record["cpus"]] if scenario.record.get("tracer") == "timerlat" else []
        for trace in (face + ".dat", face + ".2.txt"):
            if os.path.exists(os.path.join(directory, trace)):
                documents[trace] = recorded.analyze(tool, os.path.join(directory, trace), *cpus)
    except (recorded.Failure, ValueError, KeyError, subprocess.TimeoutExpired, OSError) as error:
        return lines, str(error)
    for name, document in documents.items():
        some, why = recorded.compare(scenario, truth, document, switch_ns)
        lines += [f"{name}: {line}" for line in some]
        if why is not None:
            return lines, f"{name}: {why}"
    saved = face + ".dat"
    some, why = compare(live, documents[saved], truth.at("scenario.begin"),
                        first_switches(os.path.join(directory, saved)))
    return lines + some, why

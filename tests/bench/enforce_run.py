# SPDX-License-Identifier: GPL-2.0-only
"""What the enforce-* measurements have in common: enforce itself, its records, those who starve, numbers."""
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

STALL = os.environ.get("RTLA_STALL", "rtla-stall")
STARVE = os.environ.get("STARVE", "starve")
CPU = os.cpu_count() - 1
UNITS = {"ns": 1, "us": 1000, "ms": 1000000, "s": 1000000000, "m": 60000000000}

# Without tracefs only /proc is left: what is mounted over it is this process's own view.
WITHOUT_TRACE = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel && exec "$@"', "-"]


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def duration_ns(text):
    """20s, 100ms: as rtla-stall takes them"""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(number):]
    if unit not in UNITS or not number.isdigit():
        raise ValueError(f"not a time with a unit: {text}")
    return int(number) * UNITS[unit]


def rank(values, share):
    """The value below which that share of them is; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0


def as_us(ns):
    return f"{ns / 1000:.1f}"


def load_command(groups):
    """A load for some seconds, to be run again and again."""
    if shutil.which("hackbench"):
        return ["hackbench", "-p", "-g", str(groups), "-f", "5", "-l", "20000"]
    if shutil.which("perf"):
        return ["perf", "bench", "sched", "messaging", "-p", "-g", str(groups), "-l", "5000"]
    sys.exit("there is neither hackbench nor perf bench")


class Load(threading.Thread):
    """hackbench over and over, niced, until end()."""

    def __init__(self, groups, nice):
        super().__init__(daemon=True)
        self.command = ["nice", "-n", str(nice)] + load_command(groups)
        self.is_over = threading.Event()
        self.rounds = 0

    def run(self):
        while not self.is_over.is_set():
            with subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True) as process:
                while process.poll() is None:
                    if self.is_over.wait(0.2):
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait()
            self.rounds += 1

    def end(self):
        self.is_over.set()
        self.join()


class Enforce:
    """enforce with these options; its records are in a file. Returns when it is at work."""

    def __init__(self, where, options, prefix=()):
        self.json = os.path.join(where, "boosts")
        self.log = os.path.join(where, "log")
        if os.path.exists(self.json):
            os.unlink(self.json)
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*prefix, STALL, "enforce", f"--json-lines={self.json}", *options], stderr=log)
        for _ in range(100):
            time.sleep(0.1)
            if "enforce: boosting " in self.words():
                return
            if self.process.poll() is not None:
                break
        self.end()
        sys.exit(f"enforce does not begin: {self.words()}")

    def words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait()

    def boosts(self):
        if not os.path.exists(self.json):
            return []
        with open(self.json, encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines if line.endswith("\n")]
        return sorted((r for r in records if r["type"] == "boost"), key=lambda r: r["boosted_ns"])


def starve(name, policy, milliseconds):
    """A thread that keeps the last CPU, and prints what it lost."""
    return subprocess.Popen([STARVE, name, str(CPU), policy, str(milliseconds)],
                            stdout=subprocess.PIPE, text=True)


def said(process):
    """What starve() printed: {"ran": ns, "lost": ns, "worst": ns, "policy": n, "priority": n}"""
    words = process.communicate()[0].split()
    return {words[i]: int(words[i + 1]) for i in range(1, len(words) - 1, 2)}

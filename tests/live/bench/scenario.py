# SPDX-License-Identifier: GPL-2.0-only
"""Scenario files and the truth that a run of one left behind.

A scenario has four sections: [about] words, [record] what the guest records (guest/lib.sh), [run] what
the guest's shell does, [expect] what the analysis must find (check.py).
"""

import os
import re


class Scenario:
    """One file of scenarios/."""

    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix(".scn")
        with open(path, encoding="utf-8") as file:
            parts = re.split(r"(?m)^\[(\w+)\]\n", file.read())
        sections = dict(zip(parts[1::2], parts[2::2]))
        self.about = " ".join(sections["about"].split())
        self.record = dict((line.split(None, 1) + [""])[:2]
                           for line in sections["record"].splitlines() if line.strip())
        self.expect = [line for line in sections["expect"].splitlines() if line.strip()]

    def runs_on(self, kernel):
        """[record] "only KERNEL...": what other kernels do not have, or do in another way."""
        return "only" not in self.record or kernel in self.record["only"].split()


def load_all(directory):
    """Every scenario, by name."""
    return {scenario.name: scenario for scenario in
            (Scenario(os.path.join(directory, name)) for name in sorted(os.listdir(directory))
             if name.endswith(".scn"))}


class Truth:
    """What the module and the programs noted, on the clock of the recording."""

    def __init__(self, text, clock):
        self.instants = {}
        self.threads = {}
        self.values = {}
        for line in text.splitlines():
            words = line.split()
            if words[:1] == ["at"]:
                at = int(words[2 if clock == "mono" else 3])
                if at:
                    self.instants.setdefault(words[1], at)
            elif words[:1] == ["thread"]:
                self.threads[words[1]] = int(words[2])
            elif words[:1] == ["value"]:
                self.values[words[1]] = int(words[2])

    @classmethod
    def read(cls, path, clock):
        with open(path, encoding="utf-8") as file:
            return cls(file.read(), clock)

    def at(self, label):
        if label not in self.instants:
            raise KeyError(f"the truth has no {label}")
        return self.instants[label]

    def bracket(self, text):
        """A..B, or A: the instants between which something happened."""
        first, _, second = text.partition("..")
        return self.at(first), self.at(second or first)

    def numbered(self, name, what):
        """The instants NAME.0.WHAT, NAME.1.WHAT, ..."""
        found = []
        while f"{name}.{len(found)}.{what}" in self.instants:
            found.append(self.instants[f"{name}.{len(found)}.{what}"])
        return found

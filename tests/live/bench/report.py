# SPDX-License-Identifier: GPL-2.0-only
"""TAP, and the counts."""

import sys


class Report:
    """Prints a line for each test as it is told of it."""

    def __init__(self):
        self.number = self.passed = self.failed = self.skipped = 0

    def test(self, name, why, lines):
        self.number += 1
        for line in lines:
            print(f"# {line}")
        if why is None:
            self.passed += 1
            print(f"ok {self.number} - {name}")
        else:
            self.failed += 1
            print(f"not ok {self.number} - {name}")
            for line in why.splitlines():
                print(f"#   {line}")
        sys.stdout.flush()

    def skip(self, name, why):
        self.number += 1
        self.skipped += 1
        print(f"ok {self.number} - {name} # SKIP {why}")

    def finish(self):
        print(f"1..{self.number}")
        print(f"# {self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0

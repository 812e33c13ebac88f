# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of the real-kernel test bench; ../README.md is its description."""


class Unavailable(Exception):
    """This machine cannot run the bench; the words say what is missing."""

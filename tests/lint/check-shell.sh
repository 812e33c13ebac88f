#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-shell.sh: shellcheck on every shell script of the tree. TAP.

. tests/lint/lib.sh
skip_unless shellcheck
for file in $(tracked); do
	head -n 1 "$file" | LC_ALL=C grep -a -q -E '^#!(/usr)?/bin/(env )?(ba)?sh' || [ "${file%.sh}" != "$file" ] || continue
	report "$file" "$(shellcheck -x --severity=warning -e SC2046 "$file" 2>&1 | head -n 30)"
done
finish

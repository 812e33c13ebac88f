#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-terms.sh FILE...: one word per idea, the one of Documentation/terms.rst. Looks at identifiers, not
# at comments and strings. Exceptions, such as fields that the kernel named: tests/lint/terms. TAP.

. tests/lint/lib.sh

# as a whole identifier: says nothing
whole='ts delta val tmp temp cur curr current retval'
# as a part between underscores: another word is the project's
parts='latency delay runnable offender blocker inversion deboost unboost overrun timestamp'
# likewise, in engine and view, where everything is a thread
thread_parts='pid pids'

for file; do
	report "$file" "$(
	words=$parts
	case $file in
	*/engine/* | */stats/* | */view/*) words="$words $thread_parts" ;;
	esac
	sed 's/\\"//g; s/"[^"]*"/""/g' "$file" | ${CC:-cc} -fpreprocessed -dD -E -P -x c - 2>/dev/null |
	grep -v '^#include' | grep -o -E '[A-Za-z_][A-Za-z0-9_]*' | sort -u |
	awk -v whole="$whole" -v parts="$words" '
		BEGIN {
			n = split(whole, a); for (i = 1; i <= n; i++) bad[a[i]] = 1
			n = split(parts, a); for (i = 1; i <= n; i++) part[a[i]] = 1
			while ((getline line <"tests/lint/terms") > 0)
				if (line !~ /^#/)
					allowed[line] = 1
		}
		$0 in allowed { next }
		$0 in bad { print; next }
		{
			n = split(tolower($0), a, "_")
			for (i = 1; i <= n; i++)
				if (a[i] in part) {
					print
					break
				}
		}')"
done

finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run-test.t: tests/run-test and tests/tally count what they should, and do not pass what did not run. TAP.

count=0
failed=0
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT

# counts WANTED COMMAND...: passed, failed, skipped of a program
counts() {
	wanted=$1
	shift
	what=$(printf '%s ' "$@" | tr '\n#' '  ')
	count=$((count + 1))
	tests/run-test "$top" "a/program" "$@" >/dev/null
	got=$(cat "$top/a.program.count")
	if [ "$wanted" = "$got" ]; then
		printf 'ok %d - %s: %s\n' "$count" "$wanted" "$what"
	else
		printf '# wanted %s, got %s\nnot ok %d - %s\n' "$wanted" "$got" "$count" "$what"
		failed=$((failed + 1))
	fi
}
# tallies WANTED STATUS COUNTS...: the line, and whether it fails
tallies() {
	wanted=$1
	status=$2
	shift 2
	count=$((count + 1))
	rm -rf "$top/tally" && mkdir "$top/tally"
	for line; do
		echo "$line" >"$top/tally/$(ls "$top/tally" | wc -l).count"
	done
	got=$(tests/tally "$top/tally")
	got_status=$?
	if [ "$wanted" = "$got" ] && [ "$status" = "$got_status" ]; then
		echo "ok $count - $wanted"
	else
		printf '# got %s, status %s\nnot ok %d - %s\n' "$got" "$got_status" "$count" "$wanted"
		failed=$((failed + 1))
	fi
}

counts '2 0 0' printf '1..2\nok 1 - a\nok 2 - b\n'
counts '1 1 1' printf '1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no c\n'
counts '1 0 1' printf '1..2\nok 1 - a\nnot ok 2 # SKIP no b\n'
counts '0 0 1' echo '1..0 # SKIP nothing here'
counts '1 2 0' printf '1..3\nok 1 - ends too early\n'
counts '3 0 0' printf '1..2\nok 1 - a\nok 2 - b\n1..1\nok 1 - second group\n'
counts '1 1 0' sh -c 'echo ok 1; exit 1'
counts '0 1 0' true
counts '0 1 0' false
counts '0 1 0' /no/such/program
counts '0 1 0' sh -c 'kill -SEGV $$'
counts '2 0 0' printf '[==========] 2 test(s) run.\n[  PASSED  ] 2 test(s).\n'
counts '1 1 0' printf '[  PASSED  ] 1 test(s).\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n'
counts '3 0 0' printf '...\nRan 3 tests in 0.1s\n\nOK\n'
counts '2 1 0' sh -c 'printf "F..\nRan 3 tests in 0.1s\n\nFAILED (failures=1)\n"; exit 1'
counts '2 0 0' printf 'props: 5 histories from seed 1, 2 laws\nprops: 10 passed, 0 failed\n'
counts '1 1 0' sh -c 'printf "props: 5 histories from seed 1, 2 laws\nprops: law x failed 3 times\n"
	printf "props: 7 passed, 3 failed\n"; exit 1'
counts '0 1 0' printf 'props: 5 histories from seed 1, 2 laws\n'
tallies '5 passed, 0 failed, 1 skipped' 0 '2 0 1' '3 0 0'
tallies '5 passed, 1 failed, 0 skipped' 1 '2 1 0' '3 0 0'
tallies '0 passed, 1 failed, 0 skipped' 1
tallies '0 passed, 1 failed, 2 skipped' 1 '0 0 2'

echo "1..$count"
[ "$failed" = 0 ]

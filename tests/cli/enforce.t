#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce.t: what rtla-stall enforce says to a command line, without boosting anything. TAP. What it does:
# tests/live/enforce.t.

LC_ALL=C
export LC_ALL
count=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# check WHAT: passes when $wrong is empty
check() {
	count=$((count + 1))
	if [ -z "$wrong" ]; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		printf '%s\n' "$wrong" | sed 's/^/#   /'
	fi
}

# refused STATUS WORDS WHAT ARGUMENT...: one line on standard error, nothing on standard output
refused() {
	wanted=$1 words=$2 what=$3
	shift 3
	timeout 20 "$RTLA_STALL" enforce "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	wrong=
	[ "$status" = "$wanted" ] || wrong="exit status $status, not $wanted"
	[ ! -s "$dir/out" ] || wrong="$wrong standard output is not empty"
	[ "$(cat "$dir/err")" = "rtla-stall enforce: $words" ] || wrong="$wrong it says: $(cat "$dir/err")"
	check "$what"
}

"$RTLA_STALL" enforce --help >"$dir/out" 2>"$dir/err"
status=$?
wrong=
[ "$status" = 129 ] || wrong="exit status $status"
grep -q '^usage: rtla-stall enforce' "$dir/out" || wrong="$wrong no usage"
[ ! -s "$dir/err" ] || wrong="$wrong it says: $(cat "$dir/err")"
check '--help prints the options'

"$RTLA_STALL" enforce -V >"$dir/out" 2>"$dir/err"
status=$?
wrong=
[ "$status" = 0 ] || wrong="exit status $status"
[ "$(cat "$dir/out")" = "$("$RTLA_STALL" --version)" ] || wrong="$wrong it says: $(cat "$dir/out")"
check '-V prints the version, as in stalld'

"$RTLA_STALL" --help | grep -q '^  enforce ' || wrong='no line about it'
check 'it is among the commands'

refused 129 "--threshold: '5' is no time: write a number and ns, us, ms, s, m or h" 'a threshold has a unit' -T 5
refused 129 "--ignore-threads: 'a(b' is no regular expression: Unmatched ( or \\(" 'a bad expression is refused' -i 'a(b'
refused 129 "--budget: '5' is not TIME/TIME, as in 50us/1s" 'a budget is a share' --budget 5
refused 129 "-M is stalld's: there is one way of watching here, which adapts: leave it out" \
	'an option of stalld without meaning says what to do instead' -M
refused 129 'it takes no arguments: x' 'it takes no arguments' x
refused 1 "$dir/no cannot be opened: No such file or directory" 'a trace to simulate has to be there' --simulate "$dir/no"

# Nothing is touched by a dry run, so anybody may start one; what cannot be had is said.
if [ "$(id -u)" = 0 ]; then
	refused 1 "$dir/no/x: No such file or directory" 'a file for the lines of JSON has to be writable' \
		--dry-run --json-lines="$dir/no/x"
	refused 1 "$dir/no/pid: No such file or directory" 'so has the pidfile' --dry-run --pidfile "$dir/no/pid"
	echo $$ >"$dir/pid"
	refused 1 "$dir/pid: it is of process $$, which runs" 'a pidfile of somebody who lives is an error' --dry-run \
		--pidfile "$dir/pid"
	wrong=
	[ "$(cat "$dir/pid")" = $$ ] || wrong='it is changed'
	check 'and is left alone'
	for kind in text number link dangling directory fifo long; do
		at=$dir/pid.$kind
		case $kind in
		text) echo 'of value' >"$at" ;;
		number) echo '999999999 of value' >"$at" ;;
		link) echo 999999999 >"$dir/target" && ln -s "$dir/target" "$at" ;;
		dangling) ln -s "$dir/nobody" "$at" ;;
		directory) mkdir "$at" ;;
		fifo) mkfifo "$at" ;;
		long) printf '%080d' 1 >"$at" ;;
		esac
		before=$(ls -ld "$at")
		refused 1 "$at: what is there is no pidfile" "what is no pidfile is not replaced: $kind" --dry-run --pidfile "$at"
		wrong=
		[ "$(ls -ld "$at")" = "$before" ] || wrong="it was: $before"
		[ $kind != text ] || [ "$(cat "$at")" = 'of value' ] || wrong="$wrong, and holds: $(cat "$at")"
		check "and is left alone: $kind"
	done
	for kind in empty gone; do
		at=$dir/pid.$kind
		[ $kind = empty ] && : >"$at" || echo 999999999 >"$at"
		refused 1 "$dir/no/x: No such file or directory" "a pidfile that is $kind is taken" --dry-run \
			--pidfile "$at" --json-lines="$dir/no/x"
		wrong=
		[ ! -e "$at" ] || wrong='it is still there'
		check "and removed at the end: $kind"
	done
else
	timeout 20 "$RTLA_STALL" enforce -T 1s >"$dir/out" 2>"$dir/err"
	status=$?
	wrong=
	[ "$status" = 1 ] || wrong="exit status $status"
	grep -q CAP_SYS_NICE "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
	check 'without the right to boost it says so'
fi

echo "1..$count"
[ "$failed" = 0 ]

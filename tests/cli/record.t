#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# record.t: what rtla-stall record says to a command line, without recording anything. TAP. What it records:
# tests/live/record.t.

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
	"$RTLA_STALL" record "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	wrong=
	[ "$status" = "$wanted" ] || wrong="exit status $status, not $wanted"
	[ ! -s "$dir/out" ] || wrong="$wrong standard output is not empty"
	[ "$(cat "$dir/err")" = "rtla-stall record: $words" ] || wrong="$wrong it says: $(cat "$dir/err")"
	check "$what"
}

"$RTLA_STALL" record --help >"$dir/out" 2>"$dir/err"
status=$?
wrong=
[ "$status" = 129 ] || wrong="exit status $status"
grep -q '^usage: rtla-stall record' "$dir/out" || wrong="$wrong no usage"
[ ! -s "$dir/err" ] || wrong="$wrong it says: $(cat "$dir/err")"
check '--help prints the options'

"$RTLA_STALL" --help | grep -q '^  record ' || wrong='no line about it'
check 'it is among the commands'

refused 129 'the name of the file to write is missing: -o FILE' 'a file is needed'
refused 129 '-o needs a value: FILE' 'a file is needed after -o' -o
refused 129 '--output: the name of the file is missing' 'an empty name is none' -o ''
refused 129 '--output: a trace.dat cannot be written to a pipe' '- is no file' -o -
refused 129 "a command goes after --: -- sleep" 'a command goes after --' -o x sleep 1
refused 129 'there is no command after --' 'a command goes after --, if anything' -o x --
refused 129 "--tracer: 'wakeup' is not auto, osnoise, timerlat or none" 'a tracer is one of four' --tracer wakeup
refused 129 "--duration: nothing can be recorded in no time" 'a duration is not nothing' -d 0
refused 129 "--duration: '10 ms' is no time: write a number and ns, us, ms, s, m or h" 'a duration is a time' \
	-d '10 ms'
refused 129 "--cpus: '3-1' is no list of CPUs: write 0-3,7" 'CPUs are a list' -c 3-1
refused 129 'no such option: --json' 'an option of another command is none' --json
refused 1 "$dir/no/x: No such file or directory" 'a directory that is not there is an error' -o "$dir/no/x" -d 1
refused 1 "$dir is a directory" 'a directory is no file' -o "$dir" -d 1

if [ "$(id -u)" != 0 ]; then
	refused 1 "$(tracefs=$(awk '$3 == "tracefs" { print $2; exit }' /proc/self/mounts)
		if [ -n "$tracefs" ]; then
			echo "tracing needs root: $tracefs: Permission denied"
		else
			echo 'tracefs is not mounted: mount -t tracefs nodev /sys/kernel/tracing'
		fi)" 'without root it says so' -o "$dir/x" -d 1
	wrong=
	[ ! -e "$dir/x" ] || wrong='there is one'
	check 'and leaves no file'
fi

echo "1..$count"
[ "$failed" = 0 ]

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# reaction.t: how soon hist tells of a wait that goes on. A kworker of the last CPU starves behind a SCHED_FIFO
# loop. TAP.

what='how soon hist tells'
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

cpu=$(awk '/^processor/ { last = $3 } END { print last }' /proc/cpuinfo)
if [ "$cpu" = 0 ]; then
	echo "1..0 # SKIP $what: there is one CPU only"
	exit 0
fi
pid=
hog=
victims=
cleanup() {
	# shellcheck disable=SC2086
	kill -TERM $pid $hog $victims 2>/dev/null
}

# Each line with the ms of CLOCK_BOOTTIME when it came. Forks nothing.
stamp_lines() {
	while read -r line; do
		read -r now rest </proc/uptime
		echo "${now%.*}${now#*.}0 $line"
	done
}

is_recording() {
	# shellcheck disable=SC2010
	[ "$(cat "$tracefs/instances/rtla-stall.$pid/tracing_on" 2>/dev/null)" = 1 ] &&
		ls -l "/proc/$pid/fd" 2>/dev/null | grep -q trace_pipe_raw
}

hog_runs() {
	for process in $hog $(cat "/proc/$hog/task/$hog/children"); do
		[ "$(awk '{ print $41, $3, $39 }' "/proc/$process/stat" 2>/dev/null)" != "1 R $cpu" ] || return 0
	done
	false
}

# The first line about a wait of the kworker that began after recording did: others may make it starve, too.
told() {
	grep "\"comm\":\"kworker/$cpu:.*\"began_by\":\"waking\"" "$dir/lines" | head -n 1
}

is_told() {
	[ -n "$(told)" ]
}

# PATTERN: the number after it, in that line
number() {
	told | sed -n "s/.*$1\([0-9]*\).*/\1/p"
}

mkfifo "$dir/pipe"
stamp_lines <"$dir/pipe" >"$dir/lines" &
"$RTLA_STALL" hist --tracer none -a 200ms -t "$dir/trace.dat" --on-threshold continue -c "$cpu" \
	--json-lines="$dir/pipe" --json="$dir/json" -d 60s >"$dir/out" 2>"$dir/err" &
pid=$!
await 30 is_recording || wrong="$wrong it does not come up: $(cat "$dir/err")"
timeout 15 chrt -f 55 taskset -c "$cpu" sh -c 'while :; do :; done' &
hog=$!
await 10 hog_runs || wrong="$wrong nothing runs on CPU $cpu at SCHED_FIFO;"
# Again and again: throttling lets the kworker run now and then.
timeout 15 taskset -c 0 sh -c 'while cat /proc/sys/vm/stat_refresh; do :; done' >/dev/null 2>&1 &
victims=$!
if await 10 is_told; then
	began_at=$(number '"stall":{[^}]*"began_ns":')
	noticed=$((($(number '"at_ns":') - began_at) / 1000000 - 200))
	said=$(($(told | cut -d' ' -f1) - began_at / 1000000 - 200))
	echo "# 200 ms were crossed; noticed after $noticed ms, told, with stacks and the trace saved, after $said ms"
	[ $noticed -le 100 ] || wrong="it is noticed $noticed ms late;"
else
	wrong="nothing is told: $(cat "$dir/err")"
fi
kill -TERM "$pid" $hog $victims
wait "$pid" || wrong="$wrong exit status $?: $(cat "$dir/err")"
pid=
check 'a wait that reaches the threshold is told while it goes on, within 100 ms'
same_as_before
check 'and everything is as before'
finish

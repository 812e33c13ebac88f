#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# reaction.t: how soon hist tells of a wait that goes on. A kworker of the last CPU starves behind a SCHED_FIFO
# loop of a second. TAP.

what='how soon hist tells'
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

cpu=$(awk '/^processor/ { last = $3 } END { print last }' /proc/cpuinfo)
if [ "$cpu" = 0 ]; then
	echo "1..0 # SKIP $what: there is one CPU only"
	exit 0
fi
pid=
cleanup() {
	[ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
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
	ls -l "/proc/$pid/fd" 2>/dev/null | grep -q trace_pipe_raw
}

is_told() {
	grep -q "\"comm\":\"kworker/$cpu:" "$dir/lines"
}

# PATTERN: the number after it, in the first line about the kworker
number() {
	grep "\"comm\":\"kworker/$cpu:" "$dir/lines" | head -n 1 | sed -n "s/.*$1\([0-9]*\).*/\1/p"
}

mkfifo "$dir/pipe"
stamp_lines <"$dir/pipe" >"$dir/lines" &
"$RTLA_STALL" hist --tracer none -a 200ms -t "$dir/trace.dat" --on-threshold continue -c "$cpu" \
	--json-lines="$dir/pipe" --json="$dir/json" -d 60s >"$dir/out" 2>"$dir/err" &
pid=$!
await 30 is_recording || wrong="$wrong it does not come up: $(cat "$dir/err")"
sleep 0.5
timeout 1 chrt -f 55 taskset -c "$cpu" sh -c 'while :; do :; done' &
sleep 0.1
taskset -c 0 cat /proc/sys/vm/stat_refresh >/dev/null 2>&1 &
if await 10 is_told; then
	began_at=$(number '"stall":{[^}]*"began_ns":')
	noticed=$((($(number '"at_ns":') - began_at) / 1000000 - 200))
	said=$(($(grep "\"comm\":\"kworker/$cpu:" "$dir/lines" | head -n 1 | cut -d' ' -f1) - began_at / 1000000 - 200))
	echo "# 200 ms were crossed; noticed after $noticed ms, told, with stacks and the trace saved, after $said ms"
	[ $noticed -le 100 ] || wrong="it is noticed $noticed ms late;"
else
	wrong="nothing is told: $(cat "$dir/err")"
fi
kill -TERM "$pid"
wait "$pid" || wrong="$wrong exit status $?: $(cat "$dir/err")"
pid=
check 'a wait that reaches the threshold is told while it goes on, within 100 ms'
same_as_before
check 'and everything is as before'
finish

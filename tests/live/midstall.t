#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# midstall.t: top and hist that are started in the middle of a stall, when nothing of tracing can be set up, and
# ended in the middle of one. Takes RT throttling and the fair server off, and a CPU away: only in the guest of
# tests/live/in_guest, where CPU 3 is isolated and nohz_full. TAP.

name='live modes in the middle of a stall'
what="$name"
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

if [ "${IN_GUEST:-}" != 1 ]; then
	echo "1..0 # SKIP $what: not in the guest of tests/live/in_guest"
	exit 0
fi
pid=
hog=
cleanup() {
	kill $pid $hog 2>/dev/null
}
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
	[ ! -e "$server" ] || echo 0 >"$server"
done
state >"$dir/before"

# In $now, in ms, of CLOCK_BOOTTIME; nothing suspends here, so it is CLOCK_MONOTONIC. Forks nothing.
look_at_clock() {
	read -r now rest </proc/uptime
	now=${now%.*}${now#*.}0
}

# Take CPU 3 away until stall_end, and let a kworker of it starve, and who waits for it.
stall() {
	timeout 90 chrt -f 55 taskset 8 sh -c 'while :; do :; done' &
	hog=$!
	await 20 hog_runs || wrong="$wrong no hog;"
	taskset 1 cat /proc/sys/vm/stat_refresh >"$dir/refresh" 2>&1 &
	victim=$!
	await 5 suspended "$victim" || wrong="$wrong nobody waits for the kworker;"
}

hog_runs() {
	for process in $(cat /proc/$hog/task/$hog/children 2>/dev/null) $hog; do
		[ "$(chrt -p "$process" 2>/dev/null | awk '/priority/ { print $NF }')" != 55 ] || return 0
	done
	false
}

suspended() {
	[ "$(cut -d' ' -f3 "/proc/$1/stat")" = D ]
}

stall_end() {
	kill -0 $hog 2>/dev/null || wrong="$wrong it was over before;"
	kill $hog
	wait $hog
	hog=
}

# FACE OPTION...: as process $pid, from $began_ms on
begin() {
	face=$1
	shift
	[ "$face" = hist ] || face='top -q'
	rm -f "$dir/lines" "$dir/json" "$dir/pipe"
	: >"$dir/lines"
	mkfifo "$dir/pipe"
	while read -r line; do
		look_at_clock
		echo "$now $line" >>"$dir/lines"
	done <"$dir/pipe" &
	look_at_clock
	began_ms=$now
	# shellcheck disable=SC2086
	"$RTLA_STALL" $face --tracer none --json-lines="$dir/pipe" --json="$dir/json" "$@" \
		>"$dir/out" 2>"$dir/err" &
	pid=$!
}

# By its open files: in a stall, opening those of tracefs hangs.
is_recording() {
	# shellcheck disable=SC2010
	ls -l "/proc/$1/fd" 2>/dev/null | grep -q trace_pipe_raw
}

# Where it and its helpers are in the kernel, if they do not come back.
stuck_at() {
	for process in "$pid" $(holders "$pid"); do
		echo "$(cat "/proc/$process/comm") $(cut -d' ' -f3 "/proc/$process/stat"): $(tr '\n' ' ' <"/proc/$process/stack")"
	done
}

# told PATTERN: a line of a hit is there
told() {
	grep -q "$1" "$dir/lines"
}

# When it was read that a kworker of CPU 3 starves.
told_ms() {
	grep '"comm":"kworker/3:' "$dir/lines" | head -n 1 | cut -d' ' -f1
}

# When it was noticed to have waited for 500 ms.
noticed_ms() {
	grep '"comm":"kworker/3:' "$dir/lines" | head -n 1 | sed -n 's/.*"at_ns":\([0-9]*\)[0-9]\{6\},.*/\1/p'
}

# field NAME: of the stall of the first line about a kworker of CPU 3
field() {
	grep '"comm":"kworker/3:' "$dir/lines" | head -n 1 |
		sed -n "s/.*\"stall\":{[^}]*\"$1\":\([0-9]*\).*/\1/p"
}

# end_by SIGNAL SECONDS STATUS: it does so within that time
end_by() {
	kill -s "$1" "$pid"
	await "$2" gone || wrong="$wrong it is still there $2 s after $1: $(stuck_at);"
	wait "$pid"
	found=$?
	pid=
	[ $found = "$3" ] || wrong="$wrong exit status $found: $(cat "$dir/err");"
}

gone() {
	! kill -0 "$pid" 2>/dev/null
}

# ---- a stall that began before -------------------------------------------------------------------

for of in top hist; do
	stall
	sleep 1
	begin $of -a 500ms -t "$dir/trace.dat" --on-threshold continue
	if await 20 told '"comm":"kworker/3:'; then
		took=$(($(noticed_ms) - began_ms))
		[ "$took" -le 2000 ] || wrong="$wrong it is noticed only after $took ms;"
		echo "# $of: noticed $took ms after its start, told, with stacks, after $(($(told_ms) - began_ms)) ms"
	else
		wrong="$wrong nothing is told: $(cat "$dir/err") $(stuck_at);"
	fi
	! is_recording "$pid" || wrong="$wrong it records already, so this was no stall for it;"
	check "$of tells of a stall that began before it, within 2 s"

	[ "$(field cpu)" = 3 ] || wrong="$wrong CPU $(field cpu)"
	waited=$(field wait_ns)
	[ "${waited:-0}" -ge 400000000 ] || wrong="$wrong it waits for ${waited:-no} ns"
	told '"began_by":"found"' || wrong="$wrong it did not begin by being found"
	told "\"culprit\":{\"kind\":\"thread\",\"name\":\"sh\",\"id\":[0-9]*,\"prio\":44" ||
		wrong="$wrong no FIFO 55 on its CPU: $(grep -o '"segments":.*' "$dir/lines" | head -n 1 | cut -c1-200)"
	check "$of says which CPU, how long at least, and who has it with which priority"

	stall_end
	await 20 is_recording "$pid" || wrong="$wrong it does not record then: $(cat "$dir/err")"
	sleep 1
	end_by TERM 10 0
	grep -q '"format":"live"' "$dir/json" || wrong="$wrong the document is not of a trace"
	grep -q '"comm":"kworker/3:[^}]*"began_by":"found"' "$dir/json" ||
		wrong="$wrong what was found is not in the document"
	check "$of records as soon as it is over"
	same_as_before
	check "$of leaves everything as before"
done

# ---- ended in the middle of one ------------------------------------------------------------------

for signal in TERM KILL; do
	stall
	begin hist -d 60s
	sleep 2
	[ $signal = KILL ] && status=137 || status=0
	end_by $signal 5 $status
	if [ $signal = TERM ]; then
		grep -q '"format":"proc"' "$dir/json" || wrong="$wrong the document says nothing of /proc"
		grep -q '"comm":"kworker/3:' "$dir/json" || wrong="$wrong the document says nothing of the kworker"
	fi
	check "SIG$signal ends it in the middle of a stall"
	stall_end
	same_as_before
	check 'and when that is over, everything is as before'
done

finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# record.t: rtla-stall record on this machine's own kernel. Needs root and a tracefs that is mounted; takes
# half a minute. RTLA_STALL is the program, TOOLS where dat_walk and dat_reference are. TAP.

what="rtla-stall record"
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

# await_recording PID: until it has its files without a name, which come after set-up
await_recording() {
	for _ in $(seq 300); do
		readlink "/proc/$1"/fd/* 2>/dev/null | grep -q "^$dir/.*(deleted)$" && return
		sleep 0.1
	done
	wrong="$wrong it does not begin to record"
}

# ---- what it writes -----------------------------------------------------------------------------

"$RTLA_STALL" record -o "$dir/all.dat" -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 0.05; done; exit 3' 2>"$dir/err" ||
	wrong="exit status $?: $(cat "$dir/err")"
grep -q 'sh ended with status 3$' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
check 'a command is recorded, and its exit status said'
same_as_before
check 'and everything is as before'

"$RTLA_STALL" analyze --all --json "$dir/all.dat" >"$dir/all.json" 2>"$dir/err" || wrong=$(cat "$dir/err")
grep -q '"clock": *"mono"' "$dir/all.json" || wrong="$wrong its clock is not mono"
grep -q '"truncated": *false' "$dir/all.json" || wrong="$wrong it is truncated"
check 'analyze reads it'

if [ -x "$TOOLS/dat_reference" ]; then
	"$TOOLS/dat_reference" "$dir/all.dat" >"$dir/reference" || wrong="libtracecmd does not read it"
	"$TOOLS/dat_walk" -P "$dir/all.dat" >"$dir/ours" || wrong="$wrong dat_walk does not read it"
	[ -s "$dir/ours" ] || wrong="$wrong it is empty"
	cmp -s "$dir/reference" "$dir/ours" || wrong="$wrong $(diff "$dir/reference" "$dir/ours" | head -n 5)"
	check "libtracecmd reads the same $(wc -l <"$dir/ours") events"
fi

"$RTLA_STALL" record -d 300ms -o "$dir/timed.dat" 2>"$dir/err" || wrong="exit status $?: $(cat "$dir/err")"
grep -q 'timed.dat: 0\.[3-9][0-9]* s' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
check '-d ends it'

for signal in TERM HUP; do
	"$RTLA_STALL" record -o "$dir/$signal.dat" 2>"$dir/err" &
	pid=$!
	await_recording $pid
	# as often as timeout(1) and a terminal that closes do, and more
	kill -s "$signal" $pid $pid $pid
	sleep 0.005
	kill -s "$signal" $pid 2>/dev/null
	wait $pid || wrong="exit status $?: $(cat "$dir/err")"
	"$RTLA_STALL" analyze "$dir/$signal.dat" >/dev/null 2>&1 || wrong="$wrong analyze does not read it"
	check "SIG$signal, however often, ends it, and the file is whole"
done
# Not in the background, where a shell has SIGINT ignored.
timeout --preserve-status -s INT 5 "$RTLA_STALL" record -o "$dir/INT.dat" 2>"$dir/err" ||
	wrong="exit status $?: $(cat "$dir/err")"
"$RTLA_STALL" analyze "$dir/INT.dat" >/dev/null 2>&1 || wrong="$wrong analyze does not read it"
check 'SIGINT ends it, and the file is whole'
same_as_before
check 'and everything is as before'

cpu=$(awk '/^processor/ { last = $3 } END { print last }' /proc/cpuinfo)
if [ "$cpu" -gt 0 ] && [ -x "$TOOLS/dat_reference" ]; then
	"$RTLA_STALL" record -c "$cpu" -o "$dir/cpu.dat" -- sh -c 'for i in 1 2 3 4 5; do sleep 0.05; done' \
		2>"$dir/err" || wrong="exit status $?: $(cat "$dir/err")"
	"$TOOLS/dat_reference" -n "$dir/cpu.dat" | awk -v cpu="$cpu" '
		$1 == cpu { watched++ }
		$1 != cpu && $4 ~ /^(sched_switch|softirq|irq_handler|local_timer)/ { print; exit }
		END { if (!watched) print "nothing of CPU", cpu }' >"$dir/odd"
	wrong="$wrong$(cat "$dir/odd")"
	check "-c $cpu records switches and interrupts of no other CPU"
fi

# ---- what goes wrong ----------------------------------------------------------------------------

mkdir "$dir/full"
if mount -t tmpfs -o size=64k tmpfs "$dir/full" 2>/dev/null; then
	"$RTLA_STALL" record -d 5s -o "$dir/full/trace.dat" 2>"$dir/err" && wrong='it succeeds'
	grep -q 'No space left' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
	[ -z "$(ls "$dir/full")" ] || wrong="$wrong it leaves $(ls "$dir/full")"
	umount "$dir/full"
	same_as_before
	check 'a full disk is an error that leaves nothing behind'
fi

# ---- kill -9 ------------------------------------------------------------------------------------

for i in $(seq 50); do
	"$RTLA_STALL" record -o "$dir/killed.dat" -d 400ms 2>/dev/null &
	pid=$!
	sleep "0.$(printf %03d $((i * 9)))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
done
same_as_before
for left in "$dir"/killed.dat.*; do
	[ ! -e "$left" ] || wrong="$wrong it leaves $left"
done
check 'killed at 50 different moments, it leaves nothing behind'

"$RTLA_STALL" record -o "$dir/killed.dat" 2>/dev/null &
pid=$!
await_recording $pid
processes=$(holders $pid)
# All at once: one that is left for a moment would clean up.
# shellcheck disable=SC2086
kill -STOP $processes && kill -KILL $processes
wait $pid 2>/dev/null
# its guard is nobody's child, and may take a moment to end
await 10 nobody_holds $pid || wrong='it does not end'
[ -d "$tracefs/instances/rtla-stall.$pid" ] || wrong="$wrong it was cleaned up by nobody?"
"$RTLA_STALL" record -o "$dir/next.dat" -d 1ms 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
same_as_before
check 'killed together with its guard, it is cleaned up after by the next start'

finish

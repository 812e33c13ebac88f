#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# source.t: the live source on this machine's own kernel: order, ticks, losses, and what it saves. Needs root
# and a tracefs that is mounted. TOOLS is where live_walk and dat_walk are. TAP.

what="live source"
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

load=
cleanup() {
	[ -z "$load" ] || kill $load 2>/dev/null
}

"$TOOLS/live_walk" 1000 100000000 "$dir/all.dat" >"$dir/live" 2>"$dir/said" || wrong="$(cat "$dir/said")"
grep -q -E '^ticks [1-9][0-9]+ events [1-9]' "$dir/said" || wrong="$wrong it says: $(cat "$dir/said")"
check 'events come in order, and ticks between them'

# The file goes on a little: what was read, and not yet handed on.
"$TOOLS/dat_walk" -P "$dir/all.dat" | head -n "$(wc -l <"$dir/live")" >"$dir/saved"
cmp -s "$dir/live" "$dir/saved" || wrong="$(diff "$dir/live" "$dir/saved" | head -n 5)"
check "the file that is saved holds the same $(wc -l <"$dir/live") events"

timeout 90 sh -c 'yes | dd bs=64 2>/dev/null | cat >/dev/null' &
load=$!
"$TOOLS/live_walk" 1000 0 "$dir/short.dat" >"$dir/live" 2>"$dir/said" || wrong="$(cat "$dir/said")"
"$TOOLS/dat_walk" -P "$dir/short.dat" >"$dir/saved" || wrong="$wrong the file is damaged"
[ "$(wc -l <"$dir/saved")" -lt "$(wc -l <"$dir/live")" ] || wrong="$wrong nothing was left out of the file"
check 'with little room for pages it keeps the last ones'

rm -f "$dir/live"	# what it shows below is to be of this run
"$TOOLS/live_walk" 3000 4000000 "$dir/lost.dat" >"$dir/live" 2>"$dir/said" &
pid=$!
for _ in $(seq 100); do
	[ -s "$dir/live" ] && break
	sleep 0.05
done
kill -STOP $pid
for _ in $(seq 300); do
	lost=$(cat "$tracefs/instances/rtla-stall.$pid"/per_cpu/cpu*/stats \
		"$tracefs/instances/rtla-stall.$pid".*/per_cpu/cpu*/stats 2>/dev/null |
		awk '/^(overrun|dropped events):/ { sum += $NF } END { print sum + 0 }')
	[ "$lost" -gt 0 ] && break
	sleep 0.1
done
kill -CONT $pid
wait $pid || wrong="$(cat "$dir/said")"
awk '$6 < 1 || $8 != $10 { print }' "$dir/said" >"$dir/odd"
wrong="$wrong$(cat "$dir/odd")"
check "held up, it marks as many events as lost as the kernel counts: $(cat "$dir/said")"

same_as_before
check 'and no instance is left'

finish

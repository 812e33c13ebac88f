#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce-crowd.t: rtla-stall enforce when many threads starve on one CPU: they run one after the other, and it
# does not take a CPU for itself to look at them: only in a guest, in_guest --accel tcg,thread=multi. TAP.

what='enforce and a crowd'
# shellcheck source=tests/live/enforce.sh
. "${0%/*}/enforce.sh"

# No thread of the crowd has what it was lent, and nobody else has.
nothing_is_left() {
	grep 'asked [1-9]' "$dir/crowd" | grep -v 'policy 1 priority 1$' | head -n 3 >"$dir/others"
	[ ! -s "$dir/others" ] || wrong="$wrong left: $(cat "$dir/others");"
	one_at_a_time
	all_as_before
}

# What the loop of enforce does: CPU time in ms, and calls that read, in $cpu_ms and $reads
measure() {
	cpu_ms=$(($(cut -d' ' -f1 "/proc/$pid/task/$pid/schedstat") / 1000000))
	reads=$(sed -n 's/^syscr: //p' "/proc/$pid/task/$pid/io")
	at_ms=$(now_ms)
}

nr_waiting() {
	cat "/proc/$victim"/task/*/stat 2>/dev/null | grep -c '^[0-9]* (crowd-[0-9]*) R'
}

crowd_waits() {
	[ "$(nr_waiting)" -gt $((size * 9 / 10)) ]
}

crowd_is_told() {
	[ "$(wc -l <"$dir/crowd")" = $size ]
}

# A budget that lets few of them run: most of them wait all the time.
for size in 100 1000; do
	enforce -T 100ms -c 3 --user-threads --allow '^crowd-' -r 4ms --budget 20ms/1s
	await_trace
	hog 3 fifo:50 300000
	crowd 3 fifo:1 $size 20000 >"$dir/crowd" &
	victim=$!
	await 60 crowd_waits || wrong="$wrong of the crowd $(nr_waiting) wait;"
	# the first look at each of them is over
	sleep 1
	measure
	from_cpu_ms=$cpu_ms
	from_reads=$reads
	from_ms=$at_ms
	sleep 5
	measure
	span_ms=$((at_ms - from_ms))
	per_second=$(((reads - from_reads) * 1000 / span_ms))
	echo "# while $(nr_waiting) of $size threads waited: $(((cpu_ms - from_cpu_ms) * 100 / span_ms)) % of a CPU," \
		"$per_second reads a second"
	[ $per_second -le 6000 ] || wrong="$wrong it reads too often;"
	kill -0 "$hog" || wrong="$wrong the hog is gone;"
	enforce_end
	hog_end
	await 60 crowd_is_told || wrong="$wrong the crowd tells of $(wc -l <"$dir/crowd");"
	wait $victim
	victim=
	nothing_is_left
	check "it does not take a CPU to watch $size threads"
done

# ---- a thousand ----------------------------------------------------------------------------------------

size=1000
enforce -T 100ms -c 3 --user-threads --allow '^crowd-' -r 4ms --budget 300ms/1s
await_trace
hog 3 fifo:50 200000
crowd 3 fifo:1 1000 40000 >"$dir/crowd" &
victim=$!
# The crowd tells of it after 40 s: nobody is boosted any more.
until_ms=$(($(now_ms) + 35000))
while [ "$(now_ms)" -lt $until_ms ]; do
	sleep 0.5
done
enforce_end
kill -0 "$hog" || wrong="$wrong the hog is gone;"
# It cannot end before each of its threads has had the CPU once more.
await 120 crowd_is_told || wrong="$wrong the crowd tells of $(wc -l <"$dir/crowd");"
hog_end
wait $victim
victim=
ran=$(grep -c 'ran [1-9]' "$dir/crowd")
echo "# $ran of 1000, $(grep -c 'asked [1-9]' "$dir/crowd") of which came to CPU 3, ran within 35 s; they waited for" \
	"$(awk '$7 { print int(($7 - $5) / 1000000) }' "$dir/crowd" | sort -n | sed -n '1p;$p' | tr '\n' ' ')ms; $summary"
# as many as an emulated machine manages
[ "$ran" -ge 10 ] || wrong="$wrong $ran ran: $(tail -n 12 "$dir/log");"
[ "$(boosts tid | sort -u | wc -l)" -ge 10 ] || wrong="$wrong boosts of $(boosts tid | sort -u | wc -l);"
nothing_is_left
check 'of a thousand threads that starve on one CPU one after the other runs, and none keeps what it was lent'

finish

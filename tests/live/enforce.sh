# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC2034
#
# enforce.sh: what the tests of rtla-stall enforce in a guest (tests/live/in_guest) have in common. Sourced,
# after saying what is tested:
#
#     what=NAME
#     . "${0%/*}/enforce.sh"
#
# host.sh with a wider state(): who has which policy. Ends the test, as skipped, outside of the guest. CPUs 2 and 3
# are isolated; 3 is nohz_full. RT throttling and the fair server are off.

# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"
if [ "${IN_GUEST:-}" != 1 ]; then
	echo "1..0 # SKIP $what: not in the guest of tests/live/in_guest"
	exit 0
fi
starve=$TOOLS/starve
pid=
hogs=
victim=
cleanup() {
	# shellcheck disable=SC2086
	kill $pid $hogs $victim 2>/dev/null
}
for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
	[ ! -e "$server" ] || echo 0 >"$server"
done

# Turning events on and off patches the kernel's code while it runs, which some guests do not survive when each
# CPU is a thread of the emulator. An event with two users already is not patched for more.
for number in 1 2; do
	kept=$tracefs/instances/kept-$number
	if [ ! -e "$kept" ]; then
		mkdir "$kept"
		echo 0 >"$kept/tracing_on"
		for system in sched task workqueue irq nmi irq_vectors; do
			[ ! -e "$kept/events/$system" ] || echo 1 >"$kept/events/$system/enable"
		done
	fi
done

# All of /proc/*/stat, a thread a line: pid, name without blanks, policy, rt priority, nice, state, kernel thread, CPU
threads() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk '{
		pid = $1
		name = $0
		sub(/^[^(]*\(/, "", name)
		sub(/\) [^)]*$/, "", name)
		gsub(/ /, "_", name)
		sub(/^.*\) /, "")
		print pid, name, $39, $38, $17, $1, ($2 == 2 || pid == 2), $37
	}'
}

# What is left when it should not be: kernel threads as they were, and no kworker that is not of the fair class.
all_state() {
	state | sed "s, (expanded: .*,,"	# which the first use of tracing does
	threads | awk '$7 && ($2 !~ /^kworker/ || $3) { print $1, $2, $3, $4, $5 }'
}

# Until everything is as it was when $dir/before was written, for at most 15 s.
all_as_before() {
	until_ms=$(($(now_ms) + 15000))
	while [ "$(now_ms)" -lt $until_ms ]; do
		all_state >"$dir/after"
		cmp -s "$dir/before" "$dir/after" && return 0
		sleep 0.3
	done
	wrong="$wrong $(diff "$dir/before" "$dir/after")"
}

# host.sh's, by the clock: here looking takes its time.
await() {
	await_until=$(($(now_ms) + $1 * 1000))
	shift
	while ! "$@"; do
		[ "$(now_ms)" -lt $await_until ] || return 1
		sleep 0.05
	done
}

# enforce OPTION...: as process $pid; its output in $dir/log and $dir/json. Returns when it has begun.
enforce() {
	rm -f "$dir/json"
	: >"$dir/log"
	: >"$dir/json"
	"$RTLA_STALL" enforce -v --json-lines="$dir/json" "$@" 2>"$dir/log" &
	pid=$!
	await 20 said 'boosting' || wrong="$wrong it does not begin: $(cat "$dir/log");"
}

# All our processes but this shell's, as $ours: enforce, its restorer, its guard, the set-up of tracing.
find_ours() {
	# shellcheck disable=SC2012
	ours=$(ls -l /proc/[0-9]*/exe 2>/dev/null | sed -n 's,.* /proc/\([0-9]*\)/exe -> /bin/rtla-stall$,\1,p' | tr '\n' ' ')
}

said() {
	grep -q -e "$1" "$dir/log" || ! kill -0 "$pid" 2>/dev/null
}

# Until waits are seen by the trace.
await_trace() {
	await 30 said 'tracing is up' || wrong="$wrong tracing does not come up: $(cat "$dir/log");"
}

# End it as a service manager would.
enforce_end() {
	kill "$pid"
	wait "$pid" || wrong="$wrong exit status $?: $(tail -n 3 "$dir/log");"
	pid=
	summary=$(grep ' stalls, ' "$dir/log" | tail -n 1)
}

# hog CPU POLICY MS [NAME]: as process $hog, when it has the CPU; when it ends, that is in $dir/NAME
hog() {
	"$starve" "${4:-hog}" "$1" "$2" "$3" >"$dir/${4:-hog}" &
	hog=$!
	hogs="$hogs $hog"
	await 20 is_on $hog "$1" || wrong="$wrong no hog;"
}

is_on() {
	threads | grep -q "^$1 .* $2$" && [ "$(cut -d' ' -f1 "/proc/$1/schedstat")" -gt 20000000 ]
}

hog_end() {
	# shellcheck disable=SC2086
	kill $hogs 2>/dev/null
	# shellcheck disable=SC2086
	wait $hogs 2>/dev/null
	hogs=
}

# Of CLOCK_BOOTTIME, to 10 ms; nothing suspends here.
now_ms() {
	read -r up rest </proc/uptime
	echo "${up%.*}${up#*.}0"
}

# refresh: how long somebody waits for a worker of every CPU, in $took ms
refresh() {
	from=$(now_ms)
	cat /proc/sys/vm/stat_refresh
	took=$(($(now_ms) - from))
}

# lost_ns PID: for how long it was ready and did not run, by the kernel's own count
lost_ns() {
	cut -d' ' -f2 "/proc/$1/schedstat"
}

# runs PID: how often it got a CPU
runs() {
	cut -d' ' -f3 "/proc/$1/schedstat"
}

# tid_of NAME: of the thread, in $tid; false without one
tid_of() {
	tid=$(threads | awk -v name="$1" '$2 == name { print $1; exit }')
	[ -n "$tid" ]
}

# policy_of PID: policy, priority, nice. Of nobody else: to read of a kworker may hang.
policy_of() {
	sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $39, $38, $17 }'
}

# boosts FIELD [PATTERN]: that field of every boost whose record matches, a line each
boosts() {
	grep -e "${2:-}" "$dir/json" | sed -n "s/.*[,{]\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

# How much all boosts were granted, in ns.
granted() {
	boosts granted_ns | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

# On no CPU were there two boosts at once.
one_at_a_time() {
	boosts boosted_ns >"$dir/at"
	boosts restored_ns >"$dir/until"
	boosts cpu >"$dir/cpu"
	twice=$(paste "$dir/cpu" "$dir/at" "$dir/until" | sort -k1,1n -k2,2n |
		awk '$1 == cpu && $2 < until { print } { cpu = $1; until = $3 }')
	[ -z "$twice" ] || wrong="$wrong boosts of one CPU at the same time: $twice;"
}

# COMMAND for the kernel module.
bench() {
	echo "$*" >/proc/stallbench || wrong="$wrong the module refuses: $*;"
}

has_truth() {
	grep -q "^at $1 " /proc/stallbench
}

# truth LABEL: the instant, CLOCK_MONOTONIC in ns
truth() {
	awk -v label="$1" '$1 == "at" && $2 == label { print $3; exit }' /proc/stallbench
}

ms() {
	echo $((($1) / 1000000))
}

all_state >"$dir/before"

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
#
# host.sh: what the tests on this machine's own kernel have in common. Sourced, after saying what is tested:
#
#     what=NAME
#     . "${0%/*}/host.sh"
#
# Ends the test, as skipped, without root or tracefs. Sets dir (removed at the end), tracefs, wrong; a test
# adds what it found to wrong, calls check, and ends with finish. Its function cleanup is run at the end.

LC_ALL=C
export LC_ALL
tracefs=$(awk '$3 == "tracefs" { print $2; exit }' /proc/self/mounts)
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP $what: not root"
	exit 0
elif [ -z "$tracefs" ] || [ ! -w "$tracefs/instances" ]; then
	echo "1..0 # SKIP $what: no tracefs is mounted"
	exit 0
fi

count=0
failed=0
wrong=
dir=$(mktemp -d) || exit 1
# A test that has something to end defines its own after this.
cleanup() { :; }
end() {
	cleanup
	rm -rf "$dir"
}
trap end EXIT

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
	wrong=
}

finish() {
	echo "1..$count"
	[ $failed = 0 ]
}

# What is everybody's in tracefs, and what a run leaves behind when it should not.
# Somebody else's run may come and go: what belongs to a process that lives is passed over.
state() {
	for name in "$tracefs"/instances/* /run/rtla-stall/state.*; do
		pid_of=${name##*/*.}
		case ${name##*/} in
		rtla-stall.*.others) pid_of=${name%.others} pid_of=${pid_of##*.} ;;
		state.*) pid_of=${name%.*} pid_of=${pid_of##*.} ;;
		esac
		{ [ ! -e "$name" ] || [ -d "/proc/$pid_of" ]; } || echo "$name"
	done
	for file in tracing_on current_tracer trace_clock buffer_size_kb tracing_cpumask set_event osnoise/cpus \
		osnoise/options osnoise/timerlat_period_us osnoise/stop_tracing_us osnoise/stop_tracing_total_us \
		osnoise/print_stack; do
		# Before 6.7 whoever sets the size of any buffer makes all forget to what they would have grown.
		[ ! -e "$tracefs/$file" ] || { echo "$file"; sed 's/ (expanded: [0-9]*)$//' "$tracefs/$file"; }
	done
	cat /proc/sys/kernel/sched_rt_runtime_us
	cat /sys/devices/system/cpu/cpu*/cpuidle/state*/disable 2>/dev/null
}

# same_as_before [STATE]: until the system is as it was when STATE wrote $dir/before, for at most 15 s
same_as_before() {
	for _ in $(seq 150); do
		"${1:-state}" >"$dir/after"
		cmp -s "$dir/before" "$dir/after" && return 0
		sleep 0.1
	done
	wrong="$wrong $(diff "$dir/before" "$dir/after")"
}

# holders PID: the processes that hold its list of changes: itself, its guard, its set-up
holders() {
	for process in /proc/[0-9]*; do
		# shellcheck disable=SC2012
		[ -z "$(find "$process/fd" -lname "/run/rtla-stall/state.$1.*" 2>/dev/null)" ] || echo "${process#/proc/}"
	done
}

nobody_holds() {
	[ -z "$(holders "$1")" ]
}

# await SECONDS COMMAND...: until it succeeds; false when it never does
await() {
	await_left=$(($1 * 10))
	shift
	while ! "$@"; do
		await_left=$((await_left - 1))
		[ $await_left -gt 0 ] || return 1
		sleep 0.1
	done
}

state >"$dir/before"

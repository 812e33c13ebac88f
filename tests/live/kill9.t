#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# kill9.t: top and hist, ended at moments chosen at random by whatever can end them: tracefs, sysctls and
# cpuidle are as before. Needs root and tracefs; tests/live/in_guest runs it where the tracers osnoise and
# timerlat are. NR_KILLS: how many SIGKILLs (default 10); SEED chooses the moments. TAP.

what='killed live modes'
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

pid=
cleanup() {
	[ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null
}
trap 'exit 1' INT TERM HUP
seed=${SEED:-$(date +%s)}
rounds=${NR_KILLS:-10}

# As in host.sh, but with one process for all of them: this is asked often, and starting one takes long in a guest.
holders() {
	# shellcheck disable=SC2012
	ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v list="/run/rtla-stall/state.$1." '
		/^\/proc\// { split($0, part, "/"); last = part[3] }
		index($0, list) && !seen[last]++ { print last }'
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# In hundredths of a second.
now() {
	awk '{ print int($1 * 100) }' /proc/uptime
}

# More than others change.
everything() {
	state
	for file in "$tracefs"/tracing_thresh "$tracefs"/trace_options "$tracefs"/osnoise/* "$tracefs"/events/enable \
		/proc/sys/kernel/sched_* /proc/sys/kernel/perf_event_paranoid /proc/sys/kernel/kptr_restrict \
		/proc/sys/kernel/stack_tracer_enabled /proc/sys/kernel/ftrace_enabled \
		/sys/devices/system/cpu/cpu*/power/pm_qos_resume_latency_us; do
		[ ! -f "$file" ] || { echo "$file"; cat "$file" 2>/dev/null; }
	done
	grep -E '^(timerlat.*/|osnoise/)' /proc/[1-9]*/comm 2>/dev/null
}

# Until the system is as it was, for at most 15 s; $slowest is the longest it took so far.
all_as_before() {
	began=$(now)
	for _ in $(seq 150); do
		everything >"$dir/after"
		if cmp -s "$dir/before" "$dir/after"; then
			took=$(($(now) - began))
			[ "$took" -le "$slowest" ] || slowest=$took
			return 0
		fi
		sleep 0.1
	done
	wrong="$wrong $1: $(diff "$dir/before" "$dir/after")"
	everything >"$dir/before"	# said once, not of every round to come
}

has_tracer() {
	grep -qw "$1" "$tracefs/available_tracers"
}

# What it is told to do, so that it changes what it can.
set_options() {
	options="--tracer $1 --stall 1ms --dma-latency 0 -d 60s"
	[ ! -e /sys/devices/system/cpu/cpu0/cpuidle/state1 ] || options="$options --deepest-idle-state 0"
	case $1 in
	timerlat) options="$options -k -p 10ms -s 100ms" ;;
	osnoise) options="$options --workload" ;;
	esac
}

# FACE: in the background, as process $pid; until it is itself, for what a shell is sent meanwhile may be lost
begin() {
	face=$1
	[ "$face" = hist ] || face="top -q"
	# shellcheck disable=SC2086
	"$RTLA_STALL" $face $options >"$dir/out" 2>"$dir/err" &
	pid=$!
	while [ "$(readlink "/proc/$pid/exe")" = "$(readlink "/proc/$$/exe")" ]; do :; done
}

holds_pages() {
	# shellcheck disable=SC2010
	ls -l "/proc/$1/fd" 2>/dev/null | grep -q trace_pipe_raw
}

# Until it records, for at most 30 s.
await_live() {
	for _ in $(seq 600); do
		! holds_pages "$pid" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	wrong="$wrong it does not come up: $(cat "$dir/err")"
}

# Until it is gone, for at most 15 s.
await_end() {
	for _ in $(seq 300); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	! kill -KILL "$pid" 2>/dev/null || wrong="$wrong $1 does not end it;"
	wait "$pid" 2>/dev/null
	last_pid=$pid
	pid=
}

# HUNDREDTHS: a moment up to there, in seconds
random_moment() {
	seed=$((seed + 1))
	awk -v seed="$seed" -v most="$1" 'BEGIN { srand(seed); printf "%.2f\n", rand() * most / 100 }'
}

# 0: the process itself; 1: its guard too; 2: all there are, at once; 3: all, while it gives back; 4: who sets it up, or
# its workload, and then itself. $killed says it.
kill_some() {
	case $1 in
	0)
		killed=itself
		kill -KILL "$pid" 2>/dev/null || wrong="$wrong it had ended: $(cat "$dir/err")"
		;;
	1)
		killed='its guard and itself'
		# shellcheck disable=SC2046
		kill -KILL $(holders "$pid" | grep -vxE "$(children)") 2>/dev/null
		;;
	2)
		killed='all'
		# shellcheck disable=SC2046
		kill -KILL $(holders "$pid") $(children | tr '|' ' ') 2>/dev/null
		;;
	3)
		killed='all, after SIGTERM,'
		processes="$(holders "$pid") $(children | tr '|' ' ')"
		kill -TERM "$pid" 2>/dev/null
		sleep "$(random_moment 40)"
		# shellcheck disable=SC2086
		kill -KILL $processes 2>/dev/null
		;;
	4)
		killed='its children, and then itself,'
		# shellcheck disable=SC2046
		kill -KILL $(children | tr '|' ' ') 2>/dev/null
		sleep "$(random_moment 20)"
		kill -KILL "$pid" 2>/dev/null
		;;
	esac
}

# As a pattern, "1|2"; "none" when it has none
children() {
	found=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	echo "${found:-none}" | sed 's/ *$//; s/ /|/g'
}

# The next start does what nobody was left to do.
clean_up() {
	await 15 nobody_holds "$last_pid" || wrong="$wrong $killed: $(holders "$last_pid") go on;"
	"$RTLA_STALL" top -q --tracer none -d 10ms >"$dir/out" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
}

echo "# SEED=$seed NR_KILLS=$rounds"
everything >"$dir/before"
slowest=0

# ---- SIGKILL -------------------------------------------------------------------------------------

tracers=none
for tracer in osnoise timerlat; do
	if has_tracer $tracer; then
		tracers="$tracers $tracer"
	else
		skip "killed with --tracer $tracer" "this kernel has no $tracer tracer"
	fi
done
nr_kinds=$(echo "$tracers" | wc -w)
for tracer in $tracers; do
	set_options "$tracer"
	began=$(now)
	begin hist
	await_live
	# So that it is killed while it sets up, while it records, and in between.
	most=$((($(now) - began) * 2 + 20))
	kill -KILL "$pid"
	await_end KILL
	all_as_before "killed when it records"
	nr=$(((rounds + nr_kinds - 1) / nr_kinds))
	for i in $(seq 2 "$nr"); do
		case $((i % 2)) in
		0) begin top ;;
		1) begin hist ;;
		esac
		moment=$(random_moment $most)
		sleep "$moment"
		kill_some $((i % 5))
		await_end KILL
		[ $((i % 5)) = 0 ] || clean_up
		all_as_before "$killed after $moment s"
	done
	check "killed $nr times with --tracer $tracer, it leaves nothing behind"
done

# ---- other ends ----------------------------------------------------------------------------------

for tracer in $tracers; do
	set_options "$tracer"
	for signal in TERM HUP SEGV ABRT; do
		for when in before after; do
			[ $signal = HUP ] && face=top || face=hist
			begin $face
			[ $when = before ] || await_live
			kill -s $signal "$pid" 2>/dev/null
			await_end $signal
			all_as_before "$signal $when it records"
		done
	done
	check "SIGTERM, SIGHUP, SIGSEGV and SIGABRT with --tracer $tracer leave nothing behind"

	# Not in the background, where a shell has SIGINT ignored.
	if awk '/^SigIgn:/ { exit $2 !~ /[02468ace]$/ || substr($2, 16) ~ /[2367abef]/ }' /proc/self/status; then
		for pause in 0 0.02 0.3; do
			(
				pid=
				until [ -s "$dir/pid" ]; do sleep 0.05; done
				read -r pid <"$dir/pid"
				await_live
				kill -s INT "$pid"
				sleep $pause
				kill -s INT "$pid" 2>/dev/null
			) &
			interrupter=$!
			# shellcheck disable=SC2016,SC2086
			sh -c 'echo $$ >"$0"; exec "$@"' "$dir/pid" "$RTLA_STALL" hist $options >/dev/null 2>"$dir/err"
			wait $interrupter
			rm -f "$dir/pid"
			all_as_before "SIGINT twice, $pause s apart"
		done
		check "SIGINT twice with --tracer $tracer leaves nothing behind"
	else
		skip "SIGINT twice with --tracer $tracer" "this shell has SIGINT ignored"
	fi
done

# ---- all of its processes ------------------------------------------------------------------------

set_options "${tracers##* }"
begin hist
await_live
processes=$(holders "$pid")
# All at once: one that is left for a moment would clean up.
# shellcheck disable=SC2086
kill -STOP $processes && kill -KILL $processes
await_end KILL
await 10 nobody_holds "$pid" || wrong='it does not end'
everything >"$dir/after"
! cmp -s "$dir/before" "$dir/after" || wrong="$wrong it was cleaned up by nobody?"
"$RTLA_STALL" top -q --tracer none -d 5s >"$dir/out" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
all_as_before 'the next run'
check 'killed together with its guard, it is cleaned up after by the next start'

echo "# everything was as before within $slowest hundredths of a second"
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# workload.t: what a run changes beside reading, that it takes effect, and that it is given back. Needs root
# and tracefs, and for most of it the tracers osnoise and timerlat: tests/live/in_guest runs it where they
# are. Takes a minute. TOOLS is where workload_walk is. IN_GUEST=1: CPUs may be switched off. TAP.

LC_ALL=C
export LC_ALL
tracefs=$(awk '$3 == "tracefs" { print $2; exit }' /proc/self/mounts)
walk=$TOOLS/workload_walk
if [ "$(id -u)" != 0 ]; then
	echo '1..0 # SKIP the workload: not root'
	exit 0
elif [ -z "$tracefs" ] || [ ! -w "$tracefs/instances" ]; then
	echo '1..0 # SKIP the workload: no tracefs is mounted'
	exit 0
elif [ ! -x "$walk" ]; then
	echo '1..0 # SKIP the workload: workload_walk is not built'
	exit 0
fi

count=0
failed=0
wrong=
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
	wrong=
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

has_tracer() {
	grep -qw "$1" "$tracefs/available_tracers"
}

has_user_threads() {
	[ -e "$tracefs/osnoise/per_cpu/cpu0/timerlat_fd" ]
}

# What is everybody's, and what a run leaves behind when it should not.
state() {
	ls "$tracefs/instances"
	ls /run/rtla-stall 2>/dev/null
	for file in "$tracefs/tracing_on" "$tracefs/current_tracer" "$tracefs/set_event" "$tracefs"/osnoise/* \
		/sys/devices/system/cpu/cpu*/cpuidle/state*/disable; do
		[ ! -f "$file" ] || { echo "$file"; cat "$file"; }
	done
	tids 'timerlatu/*'
	tids 'timerlat/*'
	tids 'osnoise/*'
	tids 'rtla-stall/*'
}

# Until the system is as it was, for at most 15 s.
same_as_before() {
	for _ in $(seq 150); do
		state >"$dir/after"
		cmp -s "$dir/before" "$dir/after" && return 0
		sleep 0.1
	done
	wrong="$wrong $(diff "$dir/before" "$dir/after")"
}

# tids PATTERN: of the processes of that name
tids() {
	for process in /proc/[1-9]*; do
		read -r comm 2>/dev/null <"$process/comm" || continue
		# shellcheck disable=SC2254
		case $comm in
		$1) echo "${process#/proc/}" ;;
		esac
	done
}

# begin OPTION...: until all threads are set up; it is $pid
begin() {
	"$walk" "$@" 60000 >"$dir/out" 2>"$dir/err" &
	pid=$!
	for _ in $(seq 300); do
		grep -q up "$dir/out" && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	wrong="$wrong it does not come up: $(cat "$dir/err")"
}

end() {
	kill -TERM "$pid"
	wait "$pid" || wrong="$wrong exit status $?: $(cat "$dir/err")"
	same_as_before
}

# reads FILE VALUE: a setting of osnoise
reads() {
	grep -qw -- "$2" "$tracefs/osnoise/$1" || wrong="$wrong $1 is $(cat "$tracefs/osnoise/$1"), not $2"
}

# scheduled PATTERN HOW HOW_MANY: that many threads of that name, so scheduled
scheduled() {
	found=0
	for tid in $(tids "$1"); do
		found=$((found + 1))
		chrt -p "$tid" 2>/dev/null | tr '\n' ' ' | grep -q "$2" || wrong="$wrong $(chrt -p "$tid")"
	done
	[ "$found" = "$3" ] || wrong="$wrong $found threads $1, not $3"
}

pinned() {
	for tid in $(tids "$1"); do
		name=$(cat "/proc/$tid/comm")
		grep -q "^Cpus_allowed_list:.${name#*/}\$" "/proc/$tid/status" ||
			wrong="$wrong $name runs on $(grep Cpus_allowed_list "/proc/$tid/status")"
	done
}

# samples KIND: there are some of that kind
samples() {
	awk -v kind="$1" '/^met/ { for (i = 1; i < NF; i++) if ($i == kind) n = $(i + 1) } END { exit !n }' \
		"$dir/out" || wrong="$wrong no samples of kind $1: $(tail -n 1 "$dir/out")"
}

# refuses WORDS OPTION...: it fails and says so
refuses() {
	words=$1
	shift
	"$walk" "$@" 5000 >"$dir/second" 2>&1 && wrong='it succeeds'
	grep -q -- "$words" "$dir/second" || wrong="$wrong it says: $(cat "$dir/second")"
}

# refused WORDS OPTION...: and changes nothing
refused() {
	refuses "$@"
	same_as_before
}

state >"$dir/before"
nr_cpus=$(grep -c ^processor /proc/cpuinfo)
last=$((nr_cpus - 1))

# ---- how deep CPUs sleep, and where we run ------------------------------------------------------

if [ -w /dev/cpu_dma_latency ]; then
	begin -m none -L 5
	# shellcheck disable=SC2010,SC2012
	ls -l "/proc/$pid/fd" | grep -q cpu_dma_latency || wrong="$wrong it does not hold it"
	end
	check '--dma-latency holds /dev/cpu_dma_latency open'
fi

if [ -e "/sys/devices/system/cpu/cpu$last/cpuidle/state1/disable" ]; then
	begin -m none -I 0 -c "$last"
	for file in "/sys/devices/system/cpu/cpu$last"/cpuidle/state[1-9]*/disable; do
		[ "$(cat "$file")" = 1 ] || wrong="$wrong $file is $(cat "$file")"
	done
	[ "$last" = 0 ] || [ "$(cat /sys/devices/system/cpu/cpu0/cpuidle/state1/disable)" = 0 ] ||
		wrong="$wrong CPU 0 is changed too"
	end
	check '--deepest-idle-state switches deeper states of watched CPUs off, and on again'
	begin -m none -I -1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	same_as_before
	check 'also when it is killed'
else
	refused 'has no idle states to choose from' -m none -I 0
	check '--deepest-idle-state says that there are none here'
fi

if [ "$last" -gt 0 ]; then
	begin -m none -c "$last"
	grep -q "^Cpus_allowed_list:.*\<$last\$" "/proc/$pid/status" && wrong="$wrong it runs on CPU $last too"
	end
	check '-c moves it away from these CPUs'
	begin -m none -c 0 -H "$last"
	grep -q "^Cpus_allowed_list:.$last\$" "/proc/$pid/status" || wrong="$wrong it does not run there"
	for child in $(cat "/proc/$pid/task/$pid/children"); do
		grep -q "^Cpus_allowed_list:.$last\$" "/proc/$child/status" || wrong="$wrong its child does not"
	done
	end
	check '-H moves it and its processes'
fi
refused '-H: we may run on none of these CPUs' -m none -H 16000
check '-H with CPUs that are not there is an error'

# ---- more events --------------------------------------------------------------------------------

other=$tracefs/instances/workload.t
mkdir "$other" && echo 1 >"$other/events/sched/sched_stat_runtime/enable"
state >"$dir/before"
begin -m none -e sched:sched_stat_runtime -F 'runtime > 0' -e 'timer:timer_s*' -o "$dir/trace.dat"
cp "$tracefs/instances/rtla-stall.$pid/events/sched/sched_stat_runtime/filter" "$dir/filter"
grep -q 'runtime > 0' "$dir/filter" || wrong="$wrong its filter is $(cat "$dir/filter")"
[ "$(cat "$tracefs/instances/rtla-stall.$pid/events/timer/timer_start/enable")" = 1 ] ||
	wrong="$wrong timer_start is off"
[ "$(cat "$other/events/sched/sched_stat_runtime/enable")" = 1 ] ||
	wrong="$wrong another instance is changed"
[ "$(cat "$other/events/timer/timer_start/enable")" = 0 ] ||
	wrong="$wrong another instance is changed"
sleep 1
end
grep -q 'name: sched_stat_runtime' "$dir/trace.dat" && grep -q 'name: timer_start' "$dir/trace.dat" ||
	wrong="$wrong the saved trace lacks their formats"
check '-e and --filter are for our instance alone, and the saved trace can be read'
rmdir "$other"
state >"$dir/before"
refused 'this kernel has no such event' -m none -e no:such
check 'an event that is not there is an error'
refused 'Field not found' -m none -e sched:sched_stat_runtime -F 'nonsense > 0'
check "a filter's error is the kernel's"
begin -m none -e sched:sched_waking -F 'pid == 1'
grep -q 'filter is left out' "$dir/err" || wrong="it says: $(cat "$dir/err")"
end
check 'a filter of an event that is needed whole is left out, and that is said'
if [ -e "$tracefs/events/sched/sched_switch/hist" ]; then
	begin -m none -e sched:sched_switch -G 'hist:keys=next_pid'
	sleep 1
	end
	grep -q '^hist sched_sched_switch_hist.txt' "$dir/out" && grep -q 'next_pid: .*hitcount:' "$dir/out" ||
		wrong="$wrong it shows: $(head -n 5 "$dir/out")"
	check "the histogram of a trigger can be had"
	refused "Couldn't find field" -m none -e sched:sched_switch -G 'hist:keys=nonsense'
	check "a trigger's error is the kernel's"
fi

# ---- the tracers --------------------------------------------------------------------------------

if has_tracer osnoise; then
	# 6.1 does not let these threads be moved
	if has_user_threads; then
		begin -m osnoise -c "$last" -w -P o:5 -C ''
	else
		begin -m osnoise -c "$last" -w -P o:5
	fi
	reads options OSNOISE_WORKLOAD
	reads cpus "$last"
	scheduled 'osnoise/*' SCHED_OTHER 1
	end
	check '--workload: osnoise has its thread, -P and -C change it'
	begin -m osnoise
	reads options NO_OSNOISE_WORKLOAD
	scheduled 'osnoise/*' . 0
	end
	check 'otherwise it has none'
fi

if ! has_tracer timerlat; then
	skip 'the workload of timerlat' 'this kernel has no tracer timerlat'
	echo "1..$count"
	[ "$failed" = 0 ]
	exit
fi

begin -m timerlat -k -p 10000 -s 1 -P f:70 -o "$dir/trace.dat"
reads timerlat_period_us 10000
reads print_stack 1
reads options OSNOISE_WORKLOAD
scheduled 'timerlat/*' 'SCHED_FIFO.*priority: 70 ' "$nr_cpus"
sleep 1
end
for kind in irq thread stack; do
	samples $kind
done
# what came last is in the file, and was not handed on any more
awk '/^saved/ { thread = $5; stack = $9 + $11 }
	/^met/ { bad = $5 < 1 || thread < $5 || stack < $9 + $11 || stack < thread - 1 } END { exit bad }' "$dir/out" ||
	wrong="$wrong the saved trace holds something else: $(cat "$dir/out")"
check '-k -p -s -P: the threads of the kernel'

if [ -e "$tracefs/osnoise/timerlat_align_us" ]; then
	begin -m timerlat -A 20
	reads options TIMERLAT_ALIGN
	reads timerlat_align_us 20
	end
	check '-A aligns the timers'
else
	refused 'cannot align its timers' -m timerlat -A 20
	check '-A says that this kernel cannot'
fi

# An option somebody else left is not taken for ours.
echo 3000 >"$tracefs/osnoise/timerlat_period_us"
if has_user_threads; then
	echo NO_OSNOISE_WORKLOAD >"$tracefs/osnoise/options"
fi
echo 900000 >"$tracefs/osnoise/stop_tracing_us"
state >"$dir/before"
begin -m timerlat -k -c "$last"
reads timerlat_period_us 1000
reads options OSNOISE_WORKLOAD
reads stop_tracing_us 0
reads cpus "$last"
end
check 'settings somebody left are set for the run, and given back'
echo 1000 >"$tracefs/osnoise/timerlat_period_us"
echo 0 >"$tracefs/osnoise/stop_tracing_us"
echo OSNOISE_WORKLOAD >"$tracefs/osnoise/options"
state >"$dir/before"

if grep -qw cgroup2 /proc/filesystems && cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts) &&
	[ -n "$cgroups" ]; then
	refused 'there is no cgroup workload.t/none' -m timerlat -C workload.t/none
	check '-C with a cgroup that is not there is an error'
	mkdir "$cgroups/workload.t"
	if has_user_threads; then
		for option in -k -u; do
			begin -m timerlat $option -p 10000 -C workload.t -P f:3
			for tid in $(tids 'timerlat*/*'); do
				grep -q '^0::/workload.t$' "/proc/$tid/cgroup" ||
					wrong="$wrong $(cat "/proc/$tid/cgroup")"
			done
			scheduled 'timerlat*/*' 'SCHED_FIFO.*priority: 3 ' "$nr_cpus"
			end
			check "$option -C moves the threads"
		done
	else
		refused "does not let its tracers' threads be moved" -m timerlat -k -C workload.t
		check '-C says that this kernel cannot'
	fi
	for _ in $(seq 50); do
		rmdir "$cgroups/workload.t" 2>/dev/null && break
		sleep 0.1
	done
fi

# ---- threads of user space ----------------------------------------------------------------------

if has_user_threads; then
	begin -m timerlat -p 10000
	reads options NO_OSNOISE_WORKLOAD
	scheduled 'timerlatu/*' 'SCHED_FIFO.*priority: 95 ' "$nr_cpus"
	scheduled 'timerlat/*' . 0
	pinned 'timerlatu/*'
	sleep 1
	end
	for kind in irq thread user; do
		samples $kind
	done
	check 'by default they are ours: a process per CPU, pinned, SCHED_FIFO 95'

	begin -m timerlat -U -c "$last"
	reads options NO_OSNOISE_WORKLOAD
	scheduled 'timerlat*/*' . 0
	end
	check '-U makes none'

	begin -m timerlat -u -c "$last" -p 10000
	kill -KILL $(tids 'timerlatu/*')
	wait "$pid" && wrong="$wrong it succeeds"
	grep -q "thread of CPU $last was killed" "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
	same_as_before
	check 'one that is killed is an error'

	begin -m timerlat -u -c "$last" -p 10000
	refuses 'tracer timerlat is in use: instance rtla-stall' -m timerlat -u -c 0
	end
	check 'two runs at a time: the second one is told who holds the tracer'

	if [ -n "$IN_GUEST" ] && [ -w "/sys/devices/system/cpu/cpu$last/online" ]; then
		begin -m timerlat -u -p 10000
		echo 0 >"/sys/devices/system/cpu/cpu$last/online"
		wait "$pid" && wrong="$wrong it succeeds"
		grep -q "CPU $last was switched off" "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
		echo 1 >"/sys/devices/system/cpu/cpu$last/online"
		same_as_before
		check 'a CPU that goes off ends the run'
		begin -m timerlat -k -p 10000
		echo 0 >"/sys/devices/system/cpu/cpu$last/online"
		echo 1 >"/sys/devices/system/cpu/cpu$last/online"
		for _ in $(seq 50); do
			[ -z "$(tids "timerlat/$last")" ] || break
			sleep 0.1
		done
		scheduled 'timerlat/*' . "$nr_cpus"
		end
		check 'but with -k, where it gets a thread when it comes back'
	fi
else
	refused 'cannot have threads of user space' -m timerlat -u
	check '-u says that this kernel cannot'
	begin -m timerlat -p 10000 -c "$last"
	scheduled 'timerlat/*' 'SCHED_FIFO.*priority: 95 ' 1
	end
	check "by default they are the kernel's"
fi

# ---- kill -9 ------------------------------------------------------------------------------------

for i in $(seq 30); do
	"$walk" -m timerlat -p 5000 -s 1 -c "$last" -e sched:sched_stat_runtime -L 3 60000 >"$dir/out" 2>&1 &
	pid=$!
	sleep "0.$(printf %02d $((i * 3)))"
	kill -KILL $pid
	wait $pid 2>/dev/null
done
same_as_before
check 'killed at 30 different moments, it leaves nothing behind'

echo "1..$count"
[ "$failed" = 0 ]

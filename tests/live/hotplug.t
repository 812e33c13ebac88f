#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# hotplug.t: top, hist and record while a CPU goes offline, with threads that wait on it, and comes back; with
# each tracer (TRACERS: with these). Only where CPUs may be switched off: in the guest of tests/live/in_guest. TAP.

what='live modes while a CPU goes offline and comes back'
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

cpu=$(awk '/^processor/ { last = $3 } END { print last }' /proc/cpuinfo)
switch=/sys/devices/system/cpu/cpu$cpu/online
if [ "${IN_GUEST:-}" != 1 ] || [ ! -w "$switch" ]; then
	echo "1..0 # SKIP $what: not in the guest of tests/live/in_guest, or no CPU can be switched off"
	exit 0
fi
pid=
loops=
cleanup() {
	# shellcheck disable=SC2086
	kill $pid $loops 2>/dev/null
	echo 1 >"$switch"
}

# More than state: threads of tracers
everything() {
	state
	for comm in /proc/[1-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		case $name in
		timerlat* | osnoise/*) echo "$comm $name" ;;
		esac
	done
}

has_tracer() {
	[ "$1" = none ] || grep -qw "$1" "$tracefs/available_tracers"
}

# Tracing is up, and who set it up is gone; of record, it has its files without a name, which come after that.
is_recording() {
	if [ "$mode" = record ]; then
		# shellcheck disable=SC2010
		ls -l "/proc/$pid/fd" 2>/dev/null | grep -q " $dir/.*(deleted)$"
		return
	fi
	# shellcheck disable=SC2010
	ls -l "/proc/$pid/fd" 2>/dev/null | grep -q trace_pipe_raw && [ -z "$(cat "/proc/$pid/task/$pid/children")" ]
}

# MODE OPTION...: as process $pid, until it records
begin() {
	mode=$1
	shift
	[ "$mode" != top ] || mode='top -q'
	rm -f "$dir/json" "$dir/trace.dat"
	# shellcheck disable=SC2086
	"$RTLA_STALL" $mode "$@" >"$dir/out" 2>"$dir/err" &
	pid=$!
	await 60 is_recording || wrong="$wrong it does not record: $(cat "$dir/err");"
}

# Ended by SIGTERM, with status 0.
end_it() {
	kill -TERM "$pid"
	await 30 gone || wrong="$wrong it is still there 30 s after SIGTERM: $(cat "/proc/$pid/stack");"
	wait "$pid" || wrong="$wrong exit status $?: $(cat "$dir/err");"
	pid=
}

gone() {
	! kill -0 "$pid" 2>/dev/null
}

# COUNT: busy loops of the fair class on that CPU, which take turns there
crowd() {
	for _ in $(seq "$1"); do
		taskset $((1 << cpu)) sh -c 'while :; do :; done' &
		loops="$loops $!"
	done
	for loop in $loops; do
		await 20 is_loop_there "$loop" || wrong="$wrong a loop is not on CPU $cpu;"
	done
}

# Its turns begin: it has had some, there.
is_loop_there() {
	# field 39: the CPU it ran on last; 14: ticks in user mode
	sed 's/.*) //' "/proc/$1/stat" | awk -v cpu="$cpu" '{ exit !($37 == cpu && $12 >= 2) }'
}

disperse() {
	# shellcheck disable=SC2086
	kill $loops
	for loop in $loops; do
		wait "$loop" 2>/dev/null
	done
	loops=
}

# On what is CLOCK_MONOTONIC, as nothing suspends here: ns, to 10 ms
now_ns() {
	awk '{ printf "%.0f\n", $1 * 1e9 }' /proc/uptime
}

goes() {
	turn_to 0 || wrong="$wrong CPU $cpu does not go;"
}

comes() {
	turn_to 1 || wrong="$wrong CPU $cpu does not come back;"
}

# 0 or 1, for at most 60 s; who waits in the kernel for what, if it takes longer
turn_to() {
	sh -c "echo $1 >$switch" &
	switcher=$!
	if await 60 is_turned "$1"; then
		wait $switcher
		return
	fi
	for process in /proc/[1-9]*; do
		[ "$(cut -d' ' -f3 "$process/stat" 2>/dev/null)" != D ] ||
			echo "# $(cat "$process/comm"): $(tr '\n' ' ' <"$process/stack")"
	done
	return 1
}

is_turned() {
	[ "$(cat "$switch")" = "$1" ]
}

# DOCUMENT: one line for each wait listed: tid, comm, CPU, began, waited, whether it touches a loss, CPUs of its
# segments
waits_of() {
	tr -d ' \n' <"$1" | sed 's/.*"stalls":\[//; s/{"tid":/\n&/g' | awk -F'"segments":' '
		function field(name) {
			if (!match($1, "\"" name "\":[^,}]*"))
				return "-"
			return substr($1, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
		}
		/^[{]"tid".*"began_ns":/ {
			cpus = ""
			text = $2
			while (match(text, /"cpu":[0-9]+,"from_ns"/)) {
				cpus = cpus "," substr(text, RSTART + 6, RLENGTH - 16)
				text = substr(text, RSTART + RLENGTH)
			}
			print field("tid"), field("comm"), field("cpu"), field("began_ns"), field("wait_ns"),
				field("touched_by_loss"), cpus ","
		}'
}

# ONE OTHER: lines of the other file that are not in the one
only_second() {
	awk 'NR == FNR { seen[$0]; next } !($0 in seen)' "$1" "$2"
}

# DOCUMENT MOST: nothing is negative, and nothing took longer than MOST seconds
sane() {
	tr -d ' \n' <"$1" | grep -o '"[a-z0-9_]*_ns":-[0-9]*' | grep -v wall_offset >"$dir/negative"
	[ ! -s "$dir/negative" ] || wrong="$wrong negative: $(sort "$dir/negative" | uniq | head -n 3);"
	waits_of "$1" | awk -v most="$2" '$5 + 0 > most * 1e9' >"$dir/long"
	[ ! -s "$dir/long" ] || wrong="$wrong waits longer than all of it: $(head -n 3 "$dir/long");"
	tr -d ' \n' <"$1" | awk '{
		n = split($0, part, /"wait_ns":/)
		for (i = 2; i <= n; i++) {
			if (!match(part[i], /"causes":[{][^}]*}/))
				continue
			causes = substr(part[i], RSTART, RLENGTH)
			sum = 0
			while (match(causes, /":[0-9]+/)) {
				sum += substr(causes, RSTART + 2, RLENGTH - 2)
				causes = substr(causes, RSTART + RLENGTH)
			}
			if (sum != part[i] + 0)
				print "a wait of", part[i] + 0, "ns has parts of", sum
		}
	}' >"$dir/sums"
	[ ! -s "$dir/sums" ] || wrong="$wrong $(head -n 3 "$dir/sums");"
}

# DOCUMENT: what a run says through which the CPU went and came back, with waits on it
check_document() {
	seconds=$((($(now_ns) - began_ns) / 1000000000 + 1))
	sane "$1" "$seconds"
	nr_moved=$(waits_of "$1" | awk -v cpu="$cpu" '{
		n = split($NF, on, ",")
		seen = moved = 0
		for (i = 2; i < n; i++) {
			moved += seen && on[i] != cpu
			seen += on[i] == cpu
		}
		nr += moved > 0
	} END { print nr + 0 }')
	[ "$nr_moved" -gt 0 ] || wrong="$wrong no wait goes on elsewhere;"
	nr_back=$(waits_of "$1" | awk -v cpu="$cpu" -v back="$back_ns" '$3 == cpu && $4 + 0 > back' | wc -l)
	[ "$nr_back" -gt 0 ] || wrong="$wrong no wait is on CPU $cpu when it is back;"
	echo "# $(waits_of "$1" | wc -l) waits, $nr_moved of them from CPU $cpu to another, $nr_back there when it was back"
}

# The CPU goes while threads wait for it, and comes back; then others wait there.
go_and_come() {
	crowd 5
	goes
	sleep 0.3
	comes
	disperse
	back_ns=$(now_ns)
	crowd 3
	sleep 0.3
	disperse
}

everything >"$dir/before"

# ---- it goes and comes back ------------------------------------------------------------------------

for tracer in ${TRACERS:-none osnoise timerlat}; do
	if ! has_tracer "$tracer"; then
		count=$((count + 1))
		echo "ok $count - with --tracer $tracer # SKIP this kernel has none"
		continue
	fi
	options="--tracer $tracer"
	[ $tracer != timerlat ] || options="$options -k -p 20ms"
	for mode in top hist; do
		began_ns=$(now_ns)
		# shellcheck disable=SC2086
		begin $mode $options --all --stall 100us --json="$dir/json" --on-end "trace,file=$dir/trace.dat" -d 120s
		go_and_come
		end_it
		check_document "$dir/json"
		grep -q "CPU $cpu went off" "$dir/err" || wrong="$wrong that it went is not said: $(cat "$dir/err");"
		grep -q "CPU $cpu is back" "$dir/err" || wrong="$wrong that it came back is not said: $(cat "$dir/err");"
		if [ $tracer = timerlat ]; then
			waits_of "$dir/json" | grep -q "\"timerlat/$cpu\"" || wrong="$wrong no wait of timerlat/$cpu;"
		fi
		check "$mode --tracer $tracer: waits go on where their threads went, and come back"
		"$RTLA_STALL" analyze --all --stall 100us --json="$dir/again" "$dir/trace.dat" >/dev/null 2>"$dir/err" ||
			wrong="analyze: $(cat "$dir/err")"
		check_document "$dir/again"
		waits_of "$dir/json" >"$dir/live"
		waits_of "$dir/again" >"$dir/saved"
		# What /proc found, and what was open at the end, is live alone.
		only_second "$dir/live" "$dir/saved" >"$dir/odd"
		[ ! -s "$dir/odd" ] || wrong="$wrong only in the trace: $(head -n 3 "$dir/odd");"
		only_second "$dir/saved" "$dir/live" >"$dir/odd"
		echo "# $(wc -l <"$dir/odd") only live: $(head -n 4 "$dir/odd" | cut -c1-100 | tr '\n' ';')"
		check "$mode --tracer $tracer: analyze says so too"
		same_as_before everything
		check "$mode --tracer $tracer: everything is as before"
	done
	# Its period cannot be set there, and 1 ms is more than an emulated CPU can do.
	[ $tracer != timerlat ] || continue
	began_ns=$(now_ns)
	# shellcheck disable=SC2086
	begin record --tracer $tracer -o "$dir/trace.dat" -d 120s
	go_and_come
	end_it
	"$RTLA_STALL" analyze --all --stall 100us --json="$dir/again" "$dir/trace.dat" >/dev/null 2>"$dir/err" ||
		wrong="$wrong analyze: $(cat "$dir/err")"
	check_document "$dir/again"
	same_as_before everything
	check "record --tracer $tracer: what it wrote tells of it, and everything is as before"
done

# ---- -c --------------------------------------------------------------------------------------------

began_ns=$(now_ns)
begin hist --tracer none -c "$cpu" --all --stall 100us --json="$dir/json" -d 120s
go_and_come
end_it
sane "$dir/json" $((($(now_ns) - began_ns) / 1000000000 + 1))
waits_of "$dir/json" | awk '$6 == "true" { found = 1 } END { exit !found }' ||
	wrong="$wrong no wait touches a loss, though threads went out of sight;"
waits_of "$dir/json" | awk -v cpu="$cpu" -v back="$back_ns" '$3 == cpu && $4 + 0 > back { n++ } END { exit !n }' ||
	wrong="$wrong no wait is on CPU $cpu when it is back;"
same_as_before everything
check "hist -c $cpu: who leaves it goes out of sight, and that is said"

goes
for mode in top hist record; do
	[ $mode = record ] && options="-o $dir/off.dat" || options=-q
	[ $mode != hist ] || options=
	# shellcheck disable=SC2086
	timeout 30 "$RTLA_STALL" $mode --tracer none -c "$cpu" $options -d 1s >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status = 1 ] || wrong="$wrong $mode: exit status $status;"
	[ ! -s "$dir/out" ] || wrong="$wrong $mode: standard output: $(head -n 3 "$dir/out");"
	grep -q "CPU $cpu is off" "$dir/err" || wrong="$wrong $mode: it says: $(cat "$dir/err");"
done
comes
same_as_before everything
check "-c $cpu, which is off: an error says so"

# ---- off at the beginning --------------------------------------------------------------------------

for tracer in none timerlat; do
	has_tracer $tracer || continue
	options="--tracer $tracer"
	[ $tracer != timerlat ] || options="$options -k -p 20ms"
	goes
	began_ns=$(now_ns)
	# shellcheck disable=SC2086
	begin hist $options --all --stall 100us --json="$dir/json" -d 120s
	sleep 0.5
	comes
	back_ns=$(now_ns)
	crowd 3
	sleep 0.3
	disperse
	end_it
	sane "$dir/json" $((($(now_ns) - began_ns) / 1000000000 + 1))
	waits_of "$dir/json" | awk -v cpu="$cpu" -v back="$back_ns" '$3 == cpu && $4 + 0 > back { n++ } END { exit !n }' ||
		wrong="$wrong no wait on CPU $cpu when it is there;"
	same_as_before everything
	check "hist --tracer $tracer, CPU $cpu off at its beginning: waits there are seen when it comes"
done

finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stacks.t: the stacks of whoever has a CPU and of who waits, on this machine's own kernel: a hog in the
# kernel, a hog in user space, a SCHED_FIFO one, a thread in D; what it costs while nobody asks. Needs root;
# takes a quarter of a minute. TOOLS is where stack_look is. TAP.

LC_ALL=C
export LC_ALL
if [ "$(id -u)" != 0 ]; then
	echo '1..0 # SKIP stacks: not root'
	exit 0
elif ! "$TOOLS/stack_look" cpu 0 2>/dev/null | grep -q -v 'perf event'; then
	echo '1..0 # SKIP stacks: no perf events here'
	exit 0
fi

count=0
failed=0
wrong=
pid=
dir=$(mktemp -d) || exit 1
restrict=$(cat /proc/sys/kernel/kptr_restrict)
trap '[ -z "$pid" ] || end; echo "$restrict" >/proc/sys/kernel/kptr_restrict; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
occupant=
cpu=$(awk '/^processor/ { last = $3 } END { print last }' /proc/cpuinfo)

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

# look PATTERN ARGUMENT...: until stack_look's answer has a line with the pattern, and, if the shell variable
# "occupant" is set, is of him: others run on that CPU, too. For at most 20 s
look() {
	pattern=$1
	shift
	for _ in $(seq 30); do
		timeout 10 "$TOOLS/stack_look" "$@" >"$dir/out" 2>&1
		grep -q "occupant $occupant" "$dir/out" || [ -z "$occupant" ] || continue
		! grep -q "$pattern" "$dir/out" || return 0
	done
	wrong="$wrong no $pattern: $(cat "$dir/out")"
}

# end: of what timeout runs, and timeout
end() {
	pkill -9 -P "$pid"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
	occupant=
}

timeout 60 taskset -c "$cpu" dd if=/dev/zero of=/dev/null bs=64M 2>/dev/null &
pid=$!
occupant='dd ('
look '^  \(read_zero\|vfs_read\|ksys_read\)' cpu "$cpu"
grep -q 'occupant dd (' "$dir/out" || wrong="$wrong it is not dd: $(cat "$dir/out")"
grep -q '^  \(__x64_\|__arm64_\|ksys_\)' "$dir/out" || wrong="$wrong no system call: $(cat "$dir/out")"
check 'a hog in the kernel is seen where it is'

end
timeout 60 taskset -c "$cpu" sh -c 'while :; do :; done' &
pid=$!
occupant='sh ('
look '^  user code in ' cpu "$cpu"
grep -q 'occupant sh (' "$dir/out" || wrong="$wrong it is not sh: $(cat "$dir/out")"
check 'a hog in user space is said to be in user code, and where'
end

timeout 60 taskset -c "$cpu" chrt -f 50 sh -c 'while :; do :; done' &
pid=$!
occupant='sh ('
look '^  user code in ' cpu "$cpu"
awk '/^cpu/ { us = $(NF - 1); if (us > 20000) print "it took", us, "us" }' "$dir/out" >"$dir/late"
[ ! -s "$dir/late" ] || wrong="$wrong $(cat "$dir/late")"
check 'so is one in SCHED_FIFO, and it does not hold us up'
end

timeout 60 sleep 60 &
pid=$!
look '^  .*nanosleep' tid "$(pgrep -P "$pid")"
check 'a sleeper is seen in nanosleep'
end
timeout 10 "$TOOLS/stack_look" tid 4194303 >"$dir/out"
grep -q 'the thread is gone' "$dir/out" || wrong=$(cat "$dir/out")
check 'a thread that is gone is said to be'

timeout 60 taskset -c "$cpu" dd if=/dev/zero of=/dev/null bs=64M 2>/dev/null &
pid=$!
if echo 2 2>/dev/null >/proc/sys/kernel/kptr_restrict; then
	look '^  (no names: ' cpu "$cpu"
	grep -q '^  0xffff' "$dir/out" || wrong="$wrong no addresses: $(cat "$dir/out")"
	echo "$restrict" >/proc/sys/kernel/kptr_restrict
fi
check 'hidden symbols are said to be, and addresses are shown'
end

mkfifo "$dir/pipe"
"$TOOLS/stack_look" <"$dir/pipe" >"$dir/out" &
pid=$!
{
	for _ in $(seq 50); do
		! grep -q '^open' "$dir/out" || break
		sleep 0.1
	done
	sleep 2
	echo
} >"$dir/pipe"
wait "$pid"
pid=
awk '/^idle:/ && $2 < 2000 { found = 1 } END { exit !found }' "$dir/out" || wrong=$(cat "$dir/out")
check 'while nobody asks it takes no time'

echo "1..$count"
[ "$failed" = 0 ]

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce.t: rtla-stall enforce on this machine's own kernel, or in a guest (tests/live/in_guest). Starves
# threads on the last CPU for some seconds. Needs root and two CPUs; takes a minute. RTLA_STALL is the program,
# TOOLS where starve is. TAP. In a guest whose CPUs share one thread of the emulator each of them waits up to
# 100 ms while another one is busy: in_guest --accel tcg,thread=multi.

LC_ALL=C
export LC_ALL
starve=$TOOLS/starve
if [ "$(id -u)" != 0 ]; then
	echo '1..0 # SKIP enforce: not root'
	exit 0
elif [ "$(nproc --all)" -lt 2 ]; then
	echo '1..0 # SKIP enforce: there is one CPU'
	exit 0
elif [ ! -x "$starve" ]; then
	echo '1..0 # SKIP enforce: starve is not built'
	exit 0
elif ! chrt -f 1 true 2>/dev/null; then
	echo '1..0 # SKIP enforce: no SCHED_FIFO here'
	exit 0
fi

count=0
failed=0
wrong=
dir=$(mktemp -d) || exit 1
cpu=$(($(nproc --all) - 1))
tracefs=$(awk '$3 == "tracefs" { print $2; exit }' /proc/self/mounts)
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$dir"' EXIT

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

# What is everybody's, and what a run leaves behind when it should not.
state() {
	cat /proc/sys/kernel/sched_rt_runtime_us
	ls /run/rtla-stall 2>/dev/null
	[ -z "$tracefs" ] || ls "$tracefs/instances"
	for stat in /proc/[0-9]*/stat; do
		# kernel threads whose policy is a boost's: SCHED_DEADLINE, or FIFO with reset-on-fork cannot be theirs
		awk '{ sub(/^.*\) /, ""); if ($2 == 2 && $39 == 6) print FILENAME, "deadline" }' "$stat" 2>/dev/null
	done
}

same_as_before() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		state >"$dir/after"
		cmp -s "$dir/before" "$dir/after" && return 0
		sleep 1
	done
	wrong="$wrong $(diff "$dir/before" "$dir/after")"
}

# enforce OPTION...: start it; its output in $dir/log and $dir/json
enforce() {
	rm -f "$dir/json"
	: >"$dir/log"	# of the run before, it would say that this one has begun
	"$RTLA_STALL" enforce --json-lines="$dir/json" "$@" 2>"$dir/log" &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q -E 'boosting|would boost' "$dir/log" && return
		kill -0 $pid 2>/dev/null || break
		sleep 0.2
	done
	wrong="$wrong it does not begin: $(tail -n 12 "$dir/log")"
}

# finish: end it as a service manager would
finish() {
	kill $pid
	wait $pid || wrong="$wrong exit status $?: $(tail -n 3 "$dir/log")"
	pid=
}

# number NAME KEY: what starve printed
number() {
	awk -v key="$2" '{ for (i = 2; i < NF; i += 2) if ($i == key) print $(i + 1) }' "$dir/$1"
}

ms() {
	echo $(($1 / 1000000))
}

state >"$dir/before"

# The limits are far above what is usual, for guests on machines that have other things to do; what was found
# is in the comments.

# ---- a thread behind another ----------------------------------------------------------------------

enforce -T 100ms --user-threads --allow '^victim$' -c $cpu --budget 50ms/1s
"$starve" hog $cpu fifo:50 3000 >"$dir/hog" &
hog=$!
sleep 0.1
"$starve" victim $cpu fifo:1 3400 >"$dir/victim" &
victim=$!
wait $hog $victim
finish
echo "# the victim waited for $(ms "$(number victim worst)") ms at most; the hog lost $(ms "$(number hog lost)") ms, at most" \
	"$(ms "$(number hog worst)") ms at once; $(tail -n 1 "$dir/log")"
[ "$(number victim worst)" -lt 2000000000 ] || wrong='it waited too long'
[ "$(number victim policy) $(number victim priority)" = '1 1' ] || wrong="$wrong its policy is another: $(cat "$dir/victim")"
behind="hog ($hog), rt 50"
# /proc has to see it run on before it is known to be the one, and there may be no time for that
! head -n 1 "$dir/json" | grep -q '"seen_by":"proc"' || behind="\($behind\|an unknown thread\)"
grep -q "^rtla-stall enforce: victim-$victim starved on CPU $cpu for 0\.[0-9]* seconds behind $behind: boosted pid $victim (victim) (cpu $cpu) using SCHED_" \
	"$dir/log" || wrong="$wrong it says: $(grep starved "$dir/log"; tail -n 12 "$dir/log")"
check 'a starved thread is boosted, and gets its policy back'
granted=$(awk -F '"granted_ns":' '{ split($2, a, ","); sum += a[1] } END { printf "%d\n", sum }' "$dir/json")
most=$(sed -n 's/.*"granted_ns":\([0-9][0-9]*\).*/\1/p' "$dir/json" | sort -n | tail -n 1)
# a full budget at the beginning, three seconds' worth, a tick, and what one boost had beyond its grant, which is paid
# back before the next: on a loaded host nobody may be there to end it
[ "$granted" -gt 0 ] && [ "$granted" -lt $((210000000 + ${most:-0})) ] || wrong="it got $granted ns, at most $most at once"
check 'within the budget'
same_as_before
check 'and everything is as before'

# Others wait too, and are not to be boosted: that makes nobody late. Nor is one who was boosted a culprit.
enforce -T 400ms --user-threads --allow '^victim' -c $cpu --policy fifo -d 1ms --budget 100ms/1s
"$starve" hog $cpu fifo:50 4500 >"$dir/hog" &
hog=$!
sleep 0.1
"$starve" other $cpu fifo:1 3500 >"$dir/other" &
other=$!
"$starve" victim1 $cpu fifo:1 3500 >"$dir/victim" &
victim=$!
"$starve" victim2 $cpu fifo:1 3500 >"$dir/victim2" &
victim2=$!
wait $hog $other $victim $victim2
finish
boosts=$(wc -l <"$dir/json")
# of those that are the first of a wait, and were known of before they were due
late=$(sed -n 's/.*"late_ns":\([0-9][0-9]*\).*/\1/p' "$dir/json" | sort -n | awk '{ ns[NR] = $1 } END { print ns[int((NR + 1) / 2)] }')
echo "# $boosts boosts, half of them within $late ns of their threshold"
[ "$boosts" -ge 6 ] || wrong="$boosts boosts"
# between two looks there are 100 ms
[ "${late:-1000000000}" -lt 50000000 ] || wrong="$wrong half of them are late by $late ns"
# one above the hog, not above whoever was boosted before
highest=$(sed -n 's/.*"rt_priority":\([0-9]*\).*/\1/p' "$dir/json" | sort -n | tail -n 1)
[ "$highest" = 51 ] || wrong="$wrong the highest priority is $highest"
check 'each is boosted when it is due, and put before the culprit'

# ---- kernel threads ---------------------------------------------------------------------------------

# refreshed LIMIT_MS: how long somebody waits for a worker of that CPU
refreshed() {
	began=$(awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime)
	cat /proc/sys/vm/stat_refresh
	ended=$(awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime)
	echo "# stat_refresh took $((ended - began)) ms"
	[ $((ended - began)) -lt "$1" ] || wrong="$wrong it took $((ended - began)) ms"
}

for policy in auto fifo deadline; do
	enforce -T 100ms -c $cpu --policy $policy
	"$starve" hog $cpu fifo:55 6000 >"$dir/hog" &
	hog=$!
	sleep 0.2
	refreshed 4000
	wait $hog
	finish
	check "a starved kworker lets its flusher go on, with --policy $policy"
done
same_as_before
check 'and everything is as before'

"$starve" hog $cpu fifo:55 8000 >"$dir/hog" &
hog=$!
sleep 0.5
cat /proc/sys/vm/stat_refresh &
flusher=$!
sleep 0.1
enforce -T 100ms -c $cpu
refreshed 5000
wait $flusher $hog
grep -q '"seen_by":"proc"' "$dir/json" || echo '# tracing was up before the stall was cured'
finish
check 'a stall that was there before is cured, without a trace'
same_as_before
check 'and everything is as before'

# A runtime below a tick: the first boost takes more, for which the kernel makes the thread pay; the next has no
# effect, and is replaced. Without a trace all that can be seen is that it is ready.
if unshare -m true 2>/dev/null; then
	"$starve" hog $cpu fifo:50 5000 >"$dir/hog" &
	hog=$!
	sleep 0.1
	"$starve" victim $cpu fifo:1 5000 >"$dir/victim" &
	victim=$!
	: >"$dir/log"
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel && exec "$@"' - "$RTLA_STALL" enforce -T 100ms --user-threads \
		--allow '^victim$' -c $cpu --policy deadline -r 20us -p 300ms 2>"$dir/log" &
	pid=$!
	wait $hog $victim
	finish
	echo "# the victim waited for $(ms "$(number victim worst)") ms at most; $(tail -n 1 "$dir/log")"
	grep -q 'there is no trace' "$dir/log" || wrong="$wrong there was a trace: $(tail -n 12 "$dir/log")"
	[ "$(number victim worst)" -lt 2500000000 ] || wrong="$wrong it waited too long: $(tail -n 12 "$dir/log")"
	check 'a boost in vain is seen and replaced, without a trace too'
	same_as_before
	check 'and everything is as before'
fi

# ---- what does not boost ------------------------------------------------------------------------------

enforce -T 100ms --user-threads --allow '^victim$' -c $cpu --dry-run
"$starve" hog $cpu fifo:50 2500 >"$dir/hog" &
hog=$!
sleep 0.1
"$starve" victim $cpu fifo:1 2700 >"$dir/victim" &
victim=$!
"$RTLA_STALL" enforce -T 10s --dry-run --log none &
other=$!
wait $hog $victim
kill $other
wait $other || wrong="a second dry run ends with $?"
finish
grep -q "would have boosted pid $victim" "$dir/log" || wrong="$wrong it says: $(tail -n 12 "$dir/log")"
grep -q '"dry_run":true' "$dir/json" || wrong="$wrong no record of it"
[ "$(number victim worst)" -gt 1000000000 ] || [ -e /sys/kernel/debug/sched/fair_server ] || wrong="$wrong it was boosted"
check 'a dry run decides, and does nothing'

enforce -T 10s --pidfile "$dir/pid"
[ "$(cat "$dir/pid")" = $pid ] || wrong="the pidfile says $(cat "$dir/pid")"
"$RTLA_STALL" enforce -T 10s 2>"$dir/err" && wrong="$wrong a second one starts"
grep -q "$pid" "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
check 'a second one is refused, and told who the first is'
kill -USR1 $pid
sleep 1
grep -q 'state: threshold 10 s' "$dir/log" || wrong="it says: $(tail -n 12 "$dir/log")"
finish
[ ! -e "$dir/pid" ] || wrong="$wrong the pidfile is left"
check 'SIGUSR1 shows how things stand; the pidfile goes'

# ---- kill -9 --------------------------------------------------------------------------------------------

for i in 1 2 3 4 5 6 7 8; do
	"$starve" hog $cpu fifo:50 2500 >"$dir/hog" &
	hog=$!
	"$starve" victim $cpu fifo:1 2700 >"$dir/victim" &
	victim=$!
	enforce -T 50ms --user-threads --allow '^victim$' -c $cpu -r 40ms -p 80ms --budget 500ms/1s --log stderr
	sleep "0.$i"
	kill -KILL $pid
	wait $pid 2>/dev/null
	pid=
	wait $hog $victim
	[ "$(number victim policy) $(number victim priority)" = '1 1' ] || wrong="$wrong left: $(cat "$dir/victim")"
done
same_as_before
check 'killed at eight moments, nothing is left boosted'

echo "1..$count"
[ "$failed" = 0 ]

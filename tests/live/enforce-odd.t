#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce-odd.t: rtla-stall enforce when something else happens: hotplug, cpusets, clock steps, a thread that ends or is
# changed during its boost, a tid that is used again, no privileges: only in a guest,
# in_guest --accel tcg,thread=multi. TAP.

what='enforce in odd situations'
# shellcheck source=tests/live/enforce.sh
. "${0%/*}/enforce.sh"

# victim_begins POLICY MS: as process $victim, when it is on CPU 3 and starves
victim_begins() {
	"$starve" victim 3 "$1" "$2" >"$dir/victim" &
	victim=$!
	await 10 starves $victim || wrong="$wrong no victim;"
}

starves() {
	threads | grep -q "^$1 victim .* 3$"
}

victim_ends() {
	kill $victim 2>/dev/null
	wait $victim 2>/dev/null
	victim=
}

# has_policy PID POLICY PRIORITY
has_policy() {
	case $(policy_of "$1") in
	"$2 $3 "*) ;;
	*) false ;;
	esac
}

# ---- hotplug -------------------------------------------------------------------------------------------

# switch 0|1: CPU 3, in $took ms
switch() {
	from_ms=$(now_ms)
	timeout 60 sh -c "echo $1 >/sys/devices/system/cpu/cpu3/online"
	took=$(($(now_ms) - from_ms))
	[ "$(cat /sys/devices/system/cpu/cpu3/online)" = "$1" ] ||
		wrong="$wrong CPU 3 does not become $1: $(cat "$dir/log");"
}

# Those who had CPU 3 go to the CPUs that keep house, and are a stall there, of what the kernel needs for it.
# So this shell is above them.
for policy in deadline fifo; do
	enforce -T 100ms --policy $policy
	await_trace
	chrt -f -p 60 $$
	hog 3 fifo:50 60000
	victim_begins fifo:1 60000
	switch 0
	off=$took
	switch 1
	[ -d /proc/$hog ] || wrong="$wrong the hog is gone;"
	echo "# behind FIFO 50 CPU 3 went off line in $off ms, and back in $took ms; boosted:" \
		"$(boosts comm | sed 's,/.*,/,' | sort | uniq -c | tr -s ' \n' ' ')"
	kill -0 $pid || wrong="$wrong enforce is gone: $(tail -n 12 "$dir/log");"
	hog_end
	victim_ends
	hog 3 fifo:50 60000
	refresh
	echo "# then stat_refresh took $took ms"
	[ -d /proc/$hog ] || wrong="$wrong the second hog is gone;"
	hog_end
	chrt -o -p 0 $$
	enforce_end
	for line in 'CPU 3 went off' 'CPU 3 is back'; do
		grep -q "$line" "$dir/log" || wrong="$wrong it does not say: $line: $(tail -n 12 "$dir/log");"
	done
	one_at_a_time
	all_as_before
	check "by --policy $policy a CPU with starving threads goes off line and comes back, before the hog ends; they are served then"
done

# While a boost goes on: it leaves the CPU boosted, and gets its policy back.
for policy in deadline fifo; do
	enforce -T 100ms --user-threads --allow '^(victim$|cpuhp/|ksoftirqd/|ktimers/|rcu|kworker/|kthreadd|irq)' \
		--policy $policy -r 400ms -p 2s --budget 900ms/2s
	await_trace
	chrt -f -p 60 $$
	hog 3 fifo:50 60000
	victim_begins fifo:1 60000
	case $policy in
	fifo) boosted='1 51' ;;
	*) boosted='6 0' ;;
	esac
	# shellcheck disable=SC2086
	await 20 has_policy $victim $boosted || wrong="$wrong no boost: $(tail -n 12 "$dir/log");"
	switch 0
	off=$took
	from_ms=$(now_ms)
	await 20 has_policy $victim 1 1 || wrong="$wrong it keeps $(policy_of $victim): $(tail -n 12 "$dir/log");"
	back=$(($(now_ms) - from_ms))
	kill -0 $pid || wrong="$wrong enforce is gone: $(tail -n 12 "$dir/log");"
	enforce_end
	echo "# boosted by $policy, CPU 3 went off line in $off ms; its policy was back $back ms later, and enforce" \
		"ended after $(($(now_ms) - from_ms)) ms"
	[ "$(policy_of $victim)" = '1 1 0' ] || wrong="$wrong then it has $(policy_of $victim);"
	[ -d /proc/$hog ] || wrong="$wrong the hog is gone;"
	hog_end
	victim_ends
	switch 1
	chrt -o -p 0 $$
	grep -q 'CPU 3 went off' "$dir/log" || wrong="$wrong it does not say so: $(tail -n 12 "$dir/log");"
	one_at_a_time
	all_as_before
	check "so it does during a boost by --policy $policy, which ends"
done

# ---- cpusets -------------------------------------------------------------------------------------------

group=/sys/fs/cgroup/enforce
echo '+cpuset' >/sys/fs/cgroup/cgroup.subtree_control
mkdir $group
echo 2-3 >$group/cpuset.cpus
# in_group COMMAND...: on its way there it must not wait for a CPU that somebody else keeps
in_group() {
	chrt -f 60 sh -c 'echo $$ >'$group'/cgroup.procs && exec "$@"' - "$@"
}
for runtime in -1 950000; do
	for policy in deadline fifo; do
		echo $runtime >/proc/sys/kernel/sched_rt_runtime_us
		all_state >"$dir/before"
		enforce -T 100ms -c 3 --user-threads --allow '^victim$' --policy $policy
		await_trace
		hog 3 fifo:50 3000
		in_group "$starve" victim 3 fifo:1 4500 >"$dir/victim"
		enforce_end
		hog_end
		echo "# sched_rt_runtime_us $runtime: $(cat "$dir/victim"); $(boosts policy | sort | uniq -c | tr -s ' \n' ' ')"
		[ "$(awk '{ print int($7 / 1000000) }' "$dir/victim")" -lt 2000 ] || wrong="$wrong it waited: $(tail -n 12 "$dir/log");"
		grep -q 'policy 1 priority 1$' "$dir/victim" || wrong="$wrong $(cat "$dir/victim");"
		boosts policy | grep -q . || wrong="$wrong no boost: $(tail -n 12 "$dir/log");"
		all_as_before
		check "a thread in a cpuset is boosted, --policy $policy, sched_rt_runtime_us $runtime"
	done
done
echo 3 >$group/cpuset.cpus
if echo root >$group/cpuset.cpus.partition 2>/dev/null && [ "$(cat $group/cpuset.cpus.partition)" = root ]; then
	enforce -T 100ms -c 3 --user-threads --allow '^victim$' --policy deadline
	await_trace
	# not by in_group: $! is to be the hog itself
	sh -c 'echo $$ >"$0"/cgroup.procs && exec "$@"' $group "$starve" hog 3 fifo:50 8000 >"$dir/hog" &
	hog=$!
	hogs=$hog
	await 20 is_on $hog 3 || wrong="$wrong no hog: CPUs $(cat $group/cpuset.cpus.effective), $(cat $group/cpuset.cpus.partition);"
	in_group "$starve" victim 3 fifo:1 10000 >"$dir/victim"
	enforce_end
	hog_end
	echo "# $(cat "$dir/victim"); $(boosts policy | sort | uniq -c | tr -s ' \n' ' ')"
	[ "$(awk '{ print int($7 / 1000000) }' "$dir/victim")" -lt 3000 ] || wrong="$wrong it waited: $(tail -n 12 "$dir/log");"
	grep -q 'policy 1 priority 1$' "$dir/victim" || wrong="$wrong $(cat "$dir/victim");"
	boosts policy | grep -q . || wrong="$wrong no boost: $(tail -n 12 "$dir/log");"
	all_as_before
	check 'and in a partition of its own'
	echo member >$group/cpuset.cpus.partition
else
	echo "# no partition: $(cat $group/cpuset.cpus.partition 2>&1)"
fi
rmdir $group
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
all_state >"$dir/before"

# ---- clock steps ---------------------------------------------------------------------------------------

enforce -T 600ms -c 3 --user-threads --allow '^victim$' -r 4ms -p 100ms
await_trace
hog 3 fifo:50 60000
victim_begins fifo:1 60000
for step in 3600 -7200 3600; do
	for _ in 1 2 3; do
		date -s "@$(($(date +%s) + step))" >/dev/null
		sleep 0.3
		step=$((-step))
	done
	date -s "@$(($(date +%s) + step))" >/dev/null
done
hog_end
victim_ends
enforce_end
first=$(boosts wait_ns '"in_care":false' | head -n 1)
most=$(boosts wait_ns | sort -n | tail -n 1)
echo "# the first wait: $(ms "${first:-0}") ms, the longest $(ms "${most:-0}") ms, $(boosts tid | wc -l) boosts; $summary"
[ "${first:-0}" -ge 600000000 ] && [ "$most" -lt 3000000000 ] || wrong="$wrong waits of $first to $most ns: $(tail -n 12 "$dir/log");"
all_as_before
check 'steps of the clock have no effect'

# ---- changed by others during the boost ----------------------------------------------------------------

# Boosts long enough to be caught. fate NAME
caught() {
	enforce -T 100ms -c 3 --user-threads --allow '^victim$' --policy "$1" -r 900ms -p 4s --budget 2s/4s
	await_trace
	hog 3 fifo:50 60000
	victim_begins fifo:1 60000
	if [ "$1" = fifo ]; then
		await 10 has_policy $victim 1 51 || wrong="$wrong no boost: $(tail -n 12 "$dir/log");"
	else
		await 10 has_policy $victim 6 0 || wrong="$wrong no boost: $(tail -n 12 "$dir/log");"
	fi
}

ended() {
	await 10 grep -q '"fate"' "$dir/json" || wrong="$wrong no record: $(tail -n 12 "$dir/log");"
	hog_end
	victim_ends
	enforce_end
	fate=$(boosts fate | head -n 1)
	echo "# $(boosts ended_because | head -n 1), $fate"
	[ "$fate" = "$1" ] || wrong="$wrong its fate is $fate: $(tail -n 12 "$dir/log");"
	all_as_before
}

for policy in fifo deadline; do
	caught $policy
	kill -KILL $victim
	wait $victim 2>/dev/null
	ended gone
	check "a thread that ends during its boost by $policy"

	caught $policy
	chrt -f -p 7 $victim
	await 10 grep -q '"fate"' "$dir/json"
	sleep 1
	[ "$(policy_of $victim)" = '1 7 0' ] || wrong="$wrong it has $(policy_of $victim);"
	ended changed_by_others
	check "another policy that somebody gives it during its boost by $policy stands"

	caught $policy
	taskset -p 4 $victim >/dev/null 2>&1 || chrt -f -p 50 $victim # the kernel refuses to move a deadline thread
	await 10 has_policy $victim 1 '[0-9]*'
	await 10 grep -q '"fate"' "$dir/json"
	sleep 1
	echo "# it is on CPU $(threads | awk -v pid=$victim '$1 == pid { print $8 }') with $(policy_of $victim)"
	case $(policy_of $victim) in
	'1 1 0') fate=restored ;;
	*) fate=changed_by_others ;;
	esac
	ended $fate
	check "a thread that moves to another CPU during its boost by $policy gets its policy back"
done

# ---- a tid that is used again --------------------------------------------------------------------------

caught fifo
find_ours
# shellcheck disable=SC2086
kill -STOP $ours
[ "$(policy_of $victim)" = '1 51 0' ] || wrong="$wrong it has $(policy_of $victim) already;"
kill -KILL $victim
wait $victim 2>/dev/null
hog_end
for _ in $(seq 50); do
	echo $((victim - 1)) >/proc/sys/kernel/ns_last_pid
	chrt -f 51 sleep 60 &
	[ $! != $victim ] || break
	kill $!
done
[ $! = $victim ] || wrong="$wrong its tid cannot be had again;"
await 5 has_policy $victim 1 51 || wrong="$wrong the new one has $(policy_of $victim);"
# shellcheck disable=SC2086
kill -KILL $ours
wait $pid 2>/dev/null
enforce -T 100ms -c 3
sleep 1
[ "$(policy_of $victim)" = '1 51 0' ] || wrong="$wrong the new one has $(policy_of $victim): $(tail -n 12 "$dir/log");"
enforce_end
victim_ends
all_as_before
check 'another thread of the same tid is not taken for the boosted one'

# ---- ourselves -----------------------------------------------------------------------------------------

enforce -T 100ms -c 3 -a 3 --user-threads --allow '^victim$'
hog 3 fifo:50 3000
"$starve" victim 3 fifo:1 4500 >"$dir/victim"
kill -0 $pid || wrong="$wrong it is gone;"
hog_end
enforce_end
echo "# on the CPU it serves: $(cat "$dir/victim"); $summary"
boosts culprit >/dev/null
grep -q "\"name\":\"rtla-stall\"" "$dir/json" && wrong="$wrong it boosts against itself: $(cat "$dir/json");"
[ "$(awk '{ print int($7 / 1000000) }' "$dir/victim")" -lt 2000 ] || grep -q 'this program itself' "$dir/log" ||
	wrong="$wrong neither served nor said: $(tail -n 12 "$dir/log");"
all_as_before
check 'on the CPU that it serves itself, it serves it, or says that it cannot'

# ---- no privileges -------------------------------------------------------------------------------------

if command -v capsh >/dev/null; then
	hog 3 fifo:50 60000
	victim_begins fifo:1 60000
	# shellcheck disable=SC2016
	timeout 10 capsh --shell=/bin/sh --drop=cap_sys_nice -- -c \
		'exec "$0" enforce -T 100ms -c 3 --user-threads --allow "^victim$"' "$RTLA_STALL" >"$dir/log" 2>&1
	status=$?
	echo "# without CAP_SYS_NICE: status $status: $(grep -v starved "$dir/log" | head -n 3 | tr '\n' '|')"
	[ $status = 1 ] || [ $status = 143 ] || wrong="$wrong it ends with $status;"
	grep -q -i 'CAP_SYS_NICE\|not permitted\|refused' "$dir/log" || wrong="$wrong it says: $(tail -n 12 "$dir/log");"
	[ "$(policy_of $victim)" = '1 1 0' ] || wrong="$wrong the victim has $(policy_of $victim);"
	hog_end
	victim_ends
	all_as_before
	check 'without CAP_SYS_NICE it says so'
fi
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce-rt.t: rtla-stall enforce and the kernel threads of PREEMPT_RT, with the truth of those who wait and of
# those who pay: only in a guest, in_guest --module --accel tcg,thread=multi. TAP.

what='enforce with PREEMPT_RT'
# shellcheck source=tests/live/enforce.sh
. "${0%/*}/enforce.sh"

# ---- a kworker ---------------------------------------------------------------------------------------

hog 3 fifo:55 60000
(
	refresh
	echo "$took" >"$dir/took"
) &
flusher=$!
sleep 3
[ ! -e "$dir/took" ] || wrong="it took only $(cat "$dir/took") ms"
hog_end
wait $flusher
echo "# without enforce: stat_refresh took $(cat "$dir/took") ms, until the FIFO thread was ended"
check 'a FIFO thread keeps a kworker from running'

# Five flushes: how long each took, and what that cost the FIFO thread
flushes() {
	all=
	lost=$(lost_ns "$hog")
	began_ms=$(now_ms)
	for _ in 1 2 3 4 5; do
		sleep 0.5
		refresh
		all="$all $took"
	done
	span_ms=$(($(now_ms) - began_ms))
	lost=$(($(lost_ns "$hog") - lost))
	# shellcheck disable=SC2086
	printf '%s\n' $all | sort -n >"$dir/took"
	best=$(head -n 1 "$dir/took")
	worst=$(tail -n 1 "$dir/took")
	echo "# stat_refresh took$all ms; in $span_ms ms the hog lost $(ms "$lost") ms; boosts took $(ms "$(granted)") ms"
}

for policy in auto fifo deadline; do
	enforce -T 100ms -c 3 --policy $policy
	await_trace
	hog 3 fifo:55 60000
	flushes
	kill -0 "$hog" 2>/dev/null || wrong="$wrong the hog is gone;"
	enforce_end
	hog_end
	# the threshold and one period; a loaded host may keep a CPU of the guest from running for longer than that
	[ "$best" -le 280 ] || wrong="$wrong each took $best ms at least;"
	[ "$worst" -le 2000 ] || wrong="$wrong one took $worst ms;"
	check "with --policy $policy who waits for a starved kworker goes on after the threshold"
	# a full budget at the beginning, and two ticks
	[ "$lost" -le $((50000000 + span_ms * 50000 + 8000000)) ] || wrong="it lost $lost ns"
	check "with --policy $policy the FIFO thread loses no more than the budget"
	grep -q '"comm":"kworker/3:[^}]*"culprit":{"kind":"thread","name":"hog"' "$dir/json" ||
		wrong="no boost of a kworker behind the hog: $(tail -n 12 "$dir/log")"
	one_at_a_time
	all_as_before
	check "with --policy $policy everything is as before"
done

hog 3 fifo:55 60000
refresh >"$dir/refreshed" &
flusher=$!
sleep 0.5
from_ms=$(now_ms)
enforce -T 100ms -c 3
wait $flusher
took=$(($(now_ms) - from_ms))
echo "# $took ms after the start of enforce"
# it comes up meanwhile
[ $took -le 3000 ] || wrong="$wrong it took $took ms: $(tail -n 12 "$dir/log");"
await 5 grep -q '"comm":"kworker/3:[^}]*"seen_by":"proc"' "$dir/json" || wrong="$wrong not seen by /proc: $(cat "$dir/json");"
check 'a kworker that starved before is let in'
await_trace
refresh
echo "# by the trace: $took ms"
[ $took -le 2000 ] || wrong="$wrong it took $took ms: $(tail -n 12 "$dir/log");"
enforce_end
hog_end
all_as_before
check 'and tracing comes up, in spite of the FIFO thread'

# ---- FIFO threads of the kernel ----------------------------------------------------------------------

# ran_since PID RUNS
ran_since() {
	[ "$(runs "$1")" -gt "$2" ]
}

# Thread $tid, which had $before runs, gets the CPU while the hog is there.
is_let_in() {
	from_ms=$(now_ms)
	await 10 ran_since "$tid" "$before" || wrong="$wrong it is not let in: $(tail -n 12 "$dir/log");"
	kill -0 "$hog" 2>/dev/null || wrong="$wrong the hog is gone;"
	took=$(($(now_ms) - from_ms))
}

# was_boosted NAME POLICY: by its record, and its policy now is POLICY
was_boosted() {
	# the record comes when the boost is over
	await 5 grep -q "\"comm\":\"$1\"" "$dir/json" || wrong="$wrong no record;"
	boosted=$(boosts policy "\"comm\":\"$1\"" | sort | uniq -c | tr -s ' \n' ' ')
	echo "# $1: let in after $took ms; boosted by$boosted$(boosts rt_priority "\"comm\":\"$1\"" | sort -u | tr '\n' ' ')," \
		"got $(boosts granted_ns "\"comm\":\"$1\"" | tr '\n' ' ')ns"
	[ -n "$boosted" ] || wrong="$wrong no boost of $1: $(tail -n 12 "$dir/log");"
	[ "$(policy_of "$tid")" = "$2" ] || wrong="$wrong policy, priority, nice of $1: $(policy_of "$tid");"
}

echo 0 >/sys/kernel/rcu_expedited
for policy in fifo deadline; do
	enforce -T 100ms -c 2 --policy $policy
	await_trace
	hog 2 fifo:55 60000
	tid_of rcuc/2 || wrong="$wrong there is no rcuc/2;"
	before=$(runs "$tid")
	bench actor client 1 other rcu
	is_let_in
	await 10 has_truth client.rcu.after || wrong="$wrong the grace period does not end;"
	was_boosted rcuc/2 '1 1 0'
	check "rcuc/2 is let in with --policy $policy, and is FIFO 1 again"

	bench join 20000
	bench reset
	tid_of ktimers/2 || wrong="$wrong there is no ktimers/2;"
	before=$(runs "$tid")
	bench actor client 1 other poke:2
	is_let_in
	await 10 has_truth client.poke.ran || wrong="$wrong the timer does not fire;"
	was_boosted ktimers/2 '1 1 0'
	check "ktimers/2 is let in with --policy $policy, and is FIFO 1 again"

	bench join 20000
	bench reset
	[ -e /proc/irq/3 ] || wrong="$wrong no interrupt of ttyS1;"
	exec 5>/dev/ttyS1
	echo 4 >/proc/irq/3/smp_affinity
	await 10 tid_of irq/3-ttyS1 || wrong="$wrong there is no thread of the interrupt;"
	before=$(runs "$tid")
	echo >&5
	is_let_in
	was_boosted irq/3-ttyS1 '1 50 0'
	exec 5>&-
	check "irq/3-ttyS1 is let in with --policy $policy, and is FIFO 50 again"
	enforce_end
	hog_end
	one_at_a_time
	all_as_before
	check 'and everything is as before'
done
echo 1 >/sys/kernel/rcu_expedited

# ---- many ----------------------------------------------------------------------------------------------

# in_order FILE: those of crowd were boosted in the order they came in. When they ran is up to how far the grant of
# each gets, on an emulated CPU: one may have to come again behind the others.
in_order() {
	came=$(sed 's/.* tid \([0-9]*\) .*/\1/' "$1" | tr '\n' ' ')
	order=$(boosts tid "\"comm\":\"crowd-" | awk -v came="$came" 'BEGIN { split(came, tids); for (i in tids) is_one[tids[i]] = 1 }
		is_one[$1] && !was[$1]++' | tr '\n' ' ')
	[ "$order" = "$came" ] || wrong="$wrong they came in the order $came, and were boosted in the order $order;"
}

# all_ran FILE COUNT: all of crowd ran, and are FIFO 1
all_ran() {
	[ "$(grep -c 'ran [1-9][0-9]* policy 1 priority 1$' "$1")" = "$2" ] || wrong="$wrong $(cat "$1");"
	waits=$(awk '{ print int(($7 - $5) / 1000000) }' "$1" | sort -n)
	echo "# $2 threads waited for $(echo "$waits" | head -n 1) to $(echo "$waits" | tail -n 1) ms"
}

enforce -T 100ms -c 3 --user-threads --allow '^crowd-'
await_trace
hog 3 fifo:55 60000
lost=$(lost_ns "$hog")
began_ms=$(now_ms)
crowd 3 fifo:1 10 20000 >"$dir/crowd"
span_ms=$(($(now_ms) - began_ms))
lost=$(($(lost_ns "$hog") - lost))
kill -0 "$hog" || wrong="$wrong the hog is gone;"
all_ran "$dir/crowd" 10
enforce_end
in_order "$dir/crowd"
hog_end
echo "# the hog lost $(ms "$lost") ms in $span_ms ms, of which $(ms "$(granted)") ms to $(boosts tid | wc -l) boosts; $summary"
check 'ten threads that starve on one CPU all run, longest first'
[ "$lost" -le $((50000000 + span_ms * 50000 + 8000000)) ] || wrong="it lost $lost ns"
one_at_a_time
check 'one at a time, within the budget'

# ten kernel threads, woken one after the other
enforce -T 100ms -c 3
await_trace
for i in 0 1 2 3 4 5 6 7 8 9; do
	bench actor v$i 3 fifo:1 sleep
done
for i in 0 1 2 3 4 5 6 7 8 9; do
	bench await v$i.sleep.asleep 10000
done
hog 3 fifo:55 60000
bench actor w0 1 fifo:70 wake:v0 nap:5000 wake:v1 nap:5000 wake:v2 nap:5000 wake:v3 nap:5000 wake:v4
bench await w0.ended 20000
bench actor w1 1 fifo:70 wake:v5 nap:5000 wake:v6 nap:5000 wake:v7 nap:5000 wake:v8 nap:5000 wake:v9
bench join 30000
kill -0 "$hog" || wrong="$wrong the hog is gone;"
for i in 0 1 2 3 4 5 6 7 8 9; do
	has_truth v$i.sleep.ran || wrong="$wrong v$i did not run;"
done
echo "# the last one ran $((($(truth v9.sleep.ran) - $(truth w1.ended)) / 1000000)) ms after the last waking"
enforce_end
hog_end
bench reset
order=$(boosts comm '"comm":"v[0-9]"' | awk '!was[$1]++' | tr '\n' ' ')
[ "$order" = 'v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 ' ] || wrong="$wrong they were boosted in the order $order: $(tail -n 12 "$dir/log");"
one_at_a_time
all_as_before
check 'so do ten kernel threads'

enforce -T 100ms -c 2-3 --user-threads --allow '^crowd-'
await_trace
hog 3 fifo:55 60000
hog 2 fifo:55 60000 hog2
crowd 2 fifo:1 4 20000 >"$dir/crowd2" &
second=$!
crowd 3 fifo:1 4 20000 >"$dir/crowd"
wait $second
all_ran "$dir/crowd" 4
all_ran "$dir/crowd2" 4
enforce_end
hog_end
in_order "$dir/crowd"
in_order "$dir/crowd2"
[ "$(boosts cpu | sort -u | tr '\n' ' ')" = '2 3 ' ] || wrong="$wrong boosts on CPUs $(boosts cpu | sort -u);"
one_at_a_time
check 'two CPUs are served at once'

# ---- a boost that has no effect ------------------------------------------------------------------------

# A boost by SCHED_DEADLINE of less than a tick takes more, which the kernel lets it pay for: the next is in vain.
enforce -T 100ms -c 3 --user-threads --allow '^victim$' --policy deadline -r 20us -p 300ms
await_trace
hog 3 fifo:55 4000
# longer than the hog: at its own end it is not boosted, but what it was
"$starve" victim 3 fifo:1 6000 >"$dir/victim"
enforce_end
hog_end
lasted=$(boosts restored_ns '"ended_because":"ineffective"' | head -n 1)
lasted=$(ms "${lasted:-0} - $(boosts boosted_ns '"ended_because":"ineffective"' | grep . | head -n 1)")
after=$(sed -n '/"ended_because":"ineffective"/,$p' "$dir/json" | sed -n '2s/.*"policy":"\([a-z]*\)".*"ended_because":"\([a-z]*\)".*/\1 \2/p')
echo "# in vain for $lasted ms; then: $after; $(cat "$dir/victim")"
[ -n "$lasted" ] && [ "$lasted" -ge 300 ] && [ "$lasted" -le 600 ] || wrong="$wrong $(tail -n 12 "$dir/log");"
case $after in
'fifo granted' | 'fifo done') ;;
*) wrong="$wrong no boost by FIFO after it: $(tail -n 12 "$dir/log");" ;;
esac
grep -q 'policy 1 priority 1' "$dir/victim" || wrong="$wrong $(cat "$dir/victim");"
all_as_before
check 'SCHED_DEADLINE in vain is found out within a period, and replaced by FIFO'

# ---- its own CPUs ----------------------------------------------------------------------------------------

# Both that keep house, and with them ktimers, who lets other timers fire, and this shell.
enforce -T 100ms
await_trace
"$starve" hog 0 fifo:50 5000 >"$dir/hog" &
hogs=$!
"$starve" hog 1 fifo:50 5000 >"$dir/hog2" &
wait $! $hogs
hogs=
enforce_end
late=$(boosts late_ns '"culprit":{"kind":"thread","name":"hog"' | grep -v null | sort -n | tail -n 1)
echo "# behind FIFO 50 on the CPUs that enforce runs on: $(boosts tid '"name":"hog"' | wc -l) boosts, the latest of them" \
	"$(ms "${late:-0}") ms after its threshold"
[ "${late:-5000000000}" -lt 2000000000 ] || wrong="$wrong late by ${late:-ever}: $(tail -n 12 "$dir/log");"
all_as_before
check 'it is not kept from running by who has its own CPUs'

# ---- culprits ------------------------------------------------------------------------------------------

enforce -T 100ms -c 3
await_trace
bench actor kvictim 3 fifo:1 sleep
bench await kvictim.sleep.asleep 10000
bench actor khog 3 fifo:60 spin:1000:never
bench await khog.spin.begin 10000
bench actor waker 1 fifo:70 wake:kvictim
bench await waker.ended 10000
await 10 has_truth kvictim.sleep.ran || wrong="$wrong it does not run: $(tail -n 12 "$dir/log");"
ran=$(($(truth kvictim.sleep.ran) - $(truth waker.wake.before)))
bench stamp never
echo "# a kernel thread of FIFO 60 has the CPU: the other one ran after $(ms $ran) ms"
grep -q 'boosted pid [0-9]* (kvictim).*a kernel thread pays for it' "$dir/log" || wrong="$wrong it says: $(tail -n 12 "$dir/log");"
enforce_end
check 'a culprit that is a kernel thread is no hindrance, and said'
all_as_before
check 'and everything is as before'

finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce-kill.t: SIGKILL of rtla-stall enforce, of the process that restores, of its other processes, or of all of
# them, at random moments while it boosts: only in a guest, in_guest --accel tcg,thread=multi. NR_KILLS: how many
# (default 100); SEED chooses the moments and the processes. TAP.

what='killed enforce'
# shellcheck source=tests/live/enforce.sh
. "${0%/*}/enforce.sh"

seed=${SEED:-$(date +%s)}
rounds=${NR_KILLS:-100}
victim=
cleanup() {
	# shellcheck disable=SC2086
	kill $pid $hogs $victim 2>/dev/null
}

# random MOST: 0..MOST-1, in $random
random() {
	seed=$((seed + 1))
	random=$(awk -v seed="$seed" -v most="$1" 'BEGIN { srand(seed); print int(rand() * most) }')
}


none_of_ours() {
	find_ours
	[ -z "$ours" ]
}

# Threads that starve, as they were before anybody boosted them.
victims() {
	threads | awk '$2 ~ /^victim/ { print $2, $3, $4, $5 }' | sort
}

cmp_victims() {
	victims >"$dir/victims.now"
	cmp -s "$dir/victims" "$dir/victims.now"
}

echo "# SEED=$seed NR_KILLS=$rounds"
"$RTLA_STALL" enforce -T 10s --dry-run --log none &
pid=$!
sleep 3
kill $pid
wait $pid
pid=
for policy in auto fifo; do
	# A thread that wants to run all the time, one that sleeps: both starve behind the hog.
	hog 3 fifo:50 900000
	"$starve" victim1 3 fifo:1 900000 >"$dir/victim1" &
	victim=$!
	"$starve" victim2 3 other 900000 >"$dir/victim2" &
	renice -n 5 -p $! >/dev/null
	victim="$victim $!"
	sleep 1
	victims >"$dir/victims"
	[ "$(wc -l <"$dir/victims")" = 2 ] || wrong="$wrong victims: $(cat "$dir/victims");"
	all_state >"$dir/before"
	boosted=0
	left=0
	from_ms=$(now_ms)
	for i in $(seq $((rounds / 2))); do
		: >"$dir/log"
		rm -f "$dir/json"
		"$RTLA_STALL" enforce -T 20ms --user-threads --allow '^victim' -c 3 --policy $policy -r 20ms -p 40ms \
			--budget 600ms/1s --json-lines="$dir/json" 2>"$dir/log" &
		pid=$!
		random 100
		# while it sets itself up, and when it boosts
		sleep "$((random > 30)).$((10 + random / 2))"
		find_ours
		random 4
		# shellcheck disable=SC2086
		set -- $ours
		case $random in
		0) targets=$pid ;;			# enforce itself
		1) targets=$ours ;;			# all at once
		2) targets=$(printf '%s\n' "$@" | grep -vx $pid | tail -n 1) ;;	# another one, and then enforce
		3) kill -STOP "$@" 2>/dev/null; targets=$ours ;;	# all, stopped before, so that nobody restores
		esac
		# shellcheck disable=SC2086
		kill -KILL $targets 2>/dev/null
		if [ "$random" = 2 ]; then
			sleep 0.2
			kill -KILL $pid 2>/dev/null
		fi
		wait $pid 2>/dev/null
		pid=
		[ ! -s "$dir/json" ] || boosted=$((boosted + 1))
		# The restorer has some time, and else the next start does it.
		for _ in 1 2 3 4 5 6 7 8; do
			cmp_victims && break
			sleep 0.1
		done
		if ! cmp -s "$dir/victims" "$dir/victims.now"; then
			left=$((left + 1))
			"$RTLA_STALL" enforce -T 10s --log file:"$dir/log.next" &
			next=$!
			await 20 cmp_victims || wrong="$wrong round $i, $random: $(cat "$dir/victims.now" "$dir/log.next");"
			kill $next
			wait $next || wrong="$wrong the next one ends with $?: $(cat "$dir/log.next");"
		fi
		[ $((i % 5)) != 0 ] || echo "# $i kills after $((($(now_ms) - from_ms) / 1000)) s"
	done
	echo "# --policy $policy: $((rounds / 2)) kills, boosts had been recorded in $boosted of them;" \
		"left for the next start: $left"
	victims | cmp -s - "$dir/victims" || wrong="$wrong $(victims);"
	hog_end	# what set tracing up may have waited for it
	# shellcheck disable=SC2086
	kill $victim
	# shellcheck disable=SC2086
	wait $victim 2>/dev/null
	victim=
	# What was killed together with those who give back is given back by the next start. Once more, so that
	# there is something to give back for sure.
	await 30 none_of_ours || wrong="$wrong processes are left:$ours;"
	enforce -T 10s -c 3
	await_trace
	find_ours
	# shellcheck disable=SC2086
	kill -STOP $ours
	# shellcheck disable=SC2086
	kill -KILL $ours
	wait $pid 2>/dev/null
	await 10 none_of_ours || wrong="$wrong processes are left:$ours;"
	all_state >"$dir/left"
	echo "# without the hog: $(grep -c '/instances/rtla-stall' "$dir/left") instances and" \
		"$(grep -c '/rtla-stall/state' "$dir/left") lists are left"
	grep -q '/rtla-stall/state' "$dir/left" && grep -q '/instances/rtla-stall' "$dir/left" ||
		wrong="$wrong nothing was left for the next start;"
	enforce -T 10s
	await_trace
	enforce_end
	all_as_before
	[ $boosted -ge $((rounds / 8)) ] || wrong="$wrong there were too few boosts to kill;"
	check "killed $((rounds / 2)) times with --policy $policy, it leaves nothing boosted, and all as before"
done
finish

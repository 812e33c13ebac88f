#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# enforce-lockdown.t: rtla-stall enforce on a locked-down kernel, which refuses tracefs: only in a guest of its own,
# in_guest --accel tcg,thread=multi, for that cannot be undone. TAP.

what='enforce under lockdown'
# shellcheck source=tests/live/enforce.sh
. "${0%/*}/enforce.sh"
mkdir -p /sys/kernel/security
mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
if ! echo confidentiality >/sys/kernel/security/lockdown; then
	echo "1..0 # SKIP $what: this kernel cannot be locked down"
	exit 0
fi
all_state >"$dir/before" 2>/dev/null

why='the kernel is locked down (/sys/kernel/security/lockdown: confidentiality) and lets nobody trace'
for mode in "record -o $dir/x.dat" 'top -q' hist; do
	# shellcheck disable=SC2086
	timeout 20 "$RTLA_STALL" $mode -d 2s >/dev/null 2>"$dir/said"
	is=$?
	[ $is = 1 ] || wrong="$wrong $mode ends with $is;"
	grep -qF "$why" "$dir/said" || wrong="$wrong $mode says: $(cat "$dir/said");"
done
echo "# $(cat "$dir/said")"
check 'record, top and hist say why there is no tracing'

for policy in deadline fifo; do
	enforce -T 100ms -c 3 --policy $policy
	await 10 said 'there is no trace' || wrong="$wrong it says: $(cat "$dir/log");"
	hog 3 fifo:55 60000
	all=
	for _ in 1 2 3; do
		sleep 0.5
		refresh
		all="$all $took"
		[ "$took" -le 5000 ] || wrong="$wrong it took $took ms: $(cat "$dir/log");"
	done
	kill -0 "$hog" || wrong="$wrong the hog is gone;"
	hog_end
	enforce_end
	echo "# stat_refresh took$all ms; $(grep 'no trace' "$dir/log"); $summary"
	grep -q '"comm":"kworker/3:[^}]*"seen_by":"proc"' "$dir/json" || wrong="$wrong no boost of a kworker: $(cat "$dir/log");"
	! grep -q '"seen_by":"trace"' "$dir/json" || wrong="$wrong something was seen by a trace;"
	grep -qF "there is no trace: $why" "$dir/log" || wrong="$wrong it says: $(cat "$dir/log");"
	all_as_before 2>/dev/null
	check "without tracefs a kworker is let in, by what /proc shows, --policy $policy, and all is as before"
done
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# monitor.t: rtla-stall top and hist on this machine's own kernel: what they print and save, how they end, and
# what they leave behind. Needs root and a tracefs that is mounted. RTLA_STALL is the program. TAP.

what='rtla-stall top and hist'
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

# Threads that sleep and wake, so that there are waits.
timeout 120 sh -c 'while :; do sleep 0.002; done' &
load=$!
hog=
cleanup() {
	kill $load $hog 2>/dev/null
}

# same A.json B.json WHAT: totals and rows of threads agree to the nanosecond
same() {
	python3 - "$1" "$2" >"$dir/same" 2>&1 <<'END' || wrong="$wrong $3: $(tail -n 3 "$dir/same")"
import json, sys
first, second = (json.load(open(path)) for path in sys.argv[1:3])
def rows(document):
    return {(t["tid"], t["comm"]): [t[key] for key in ("waits", "open", "wait_ns", "min_ns", "max_ns", "p99_ns", "causes", "run_ns")]
            for t in document["threads"]}
def culprits(document):
    return sorted(([c[key] for key in ("kind", "name", "id", "cause", "reason", "ns", "waits")]
                   for c in document["culprits"]), key=str)
# what /proc showed before there was a trace is not in the trace
found = {stall["tid"] for stall in first["stalls"] if stall["began_by"] == "found"}
left, right = rows(first), rows(second)
assert first["totals"]["waits"] > 100, first["totals"]
if found:
    left, right = ({key: row for key, row in side.items() if key[0] not in found} for side in (left, right))
else:
    assert first["totals"] == second["totals"], (first["totals"], second["totals"])
    assert culprits(first) == culprits(second)
assert left == right, [(key, left.get(key), right.get(key)) for key in set(left) | set(right) if left.get(key) != right.get(key)][:3]
END
}

# ---- live and post-mortem agree -----------------------------------------------------------------

"$RTLA_STALL" hist --all --json="$dir/live.json" --stall 1ms -d 2 --on-end trace,file="$dir/t.dat" \
	--on-end trace,file="$dir/t.txt" >"$dir/out" 2>"$dir/err" || wrong="status $?: $(cat "$dir/err")"
"$RTLA_STALL" analyze --all --json="$dir/dat.json" "$dir/t.dat" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
"$RTLA_STALL" analyze --all --json="$dir/txt.json" "$dir/t.txt" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
same "$dir/live.json" "$dir/dat.json" 'trace.dat'
same "$dir/live.json" "$dir/txt.json" 'text'
check 'analyze says of the saved trace, as trace.dat and as text, what hist said'

# Threads whose names would end a line of text, or be obeyed by a terminal.
python3 - <<'END' &
import ctypes, os, time
end = time.time() + 4
for name in (b"a\nb-7     [001]", b"\x1b[31m", b"   ", b"%s%n", b"\xff\xfe"):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
        while time.time() < end:
            time.sleep(0.001)
        os._exit(0)
time.sleep(4)
END
names=$!
sleep 0.5
"$RTLA_STALL" hist --all --json="$dir/live.json" -d 1 --on-end trace,file="$dir/n.dat" \
	--on-end trace,file="$dir/n.txt" >"$dir/out" 2>"$dir/err" || wrong="status $?: $(cat "$dir/err")"
wait $names
"$RTLA_STALL" analyze --all --json="$dir/dat.json" "$dir/n.dat" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
"$RTLA_STALL" analyze --all --json="$dir/txt.json" "$dir/n.txt" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
python3 - "$dir/dat.json" "$dir/txt.json" >"$dir/same" 2>&1 <<'END' || wrong="$wrong $(tail -n 1 "$dir/same")"
import json, sys
dat, txt = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
assert "a\nb-7     [001]" in [t["comm"] for t in dat["threads"]], "no hostile name"
assert dat["totals"] == txt["totals"], (dat["totals"], txt["totals"])
assert "cut_line" not in txt["source"]["anomalies"], txt["source"]["anomalies"]
END
! grep -q "$(printf '\033')" "$dir/n.txt" || wrong="$wrong an escape is in the text"
check 'a name that would end a line of the saved text, or be obeyed by a terminal, does neither'

if command -v trace-cmd >/dev/null; then
	trace-cmd report "$dir/t.dat" >"$dir/report" 2>/dev/null || wrong='trace-cmd does not read it'
	grep -q sched_switch "$dir/report" || wrong="$wrong there is no sched_switch in it"
	check 'trace-cmd reads it'
fi

last=$(($(nproc) - 1))
"$RTLA_STALL" top -q -c "$last" --all --json="$dir/live.json" --stall 1ms -d 2 --on-end trace,file="$dir/c.dat" \
	>"$dir/out" 2>"$dir/err" || wrong="status $?: $(cat "$dir/err")"
"$RTLA_STALL" analyze -c "$last" --all --json="$dir/dat.json" "$dir/c.dat" 2>"$dir/err" || wrong="$wrong $(cat "$dir/err")"
same "$dir/live.json" "$dir/dat.json" 'one CPU'
check 'and of one CPU'
same_as_before
check 'everything is as before'

# ---- a stall ------------------------------------------------------------------------------------

# A busy real-time loop on the last CPU, and an ordinary thread that is bound to it, for some seconds.
cp "$(command -v sh)" "$dir/bound" || exit 1
begin_stall() {
	timeout 8 taskset -c "$last" chrt -f 50 sh -c 'while :; do :; done' &
	hog=$!
	timeout 8 taskset -c "$last" "$dir/bound" -c 'while :; do :; done' &
	hog="$hog $!"
}
end_stall() {
	[ -n "$hog" ] || return 0	# wait alone would be for the load, too
	kill $hog 2>/dev/null
	wait $hog 2>/dev/null
	hog=
}

begin_stall
# others may get away from that CPU
"$RTLA_STALL" hist --task bound -c "$last" -a 200ms --json-lines="$dir/lines" -t "$dir/stall.dat" >"$dir/out" 2>"$dir/err"
status=$?
[ $status = 2 ] || wrong="status $status: $(cat "$dir/err")"
grep -q '^HIT 1 .*a wait of at least 200 ms$' "$dir/out" || wrong="$wrong no report: $(head -n 5 "$dir/out")"
grep -q 'interference by sh (' "$dir/out" || wrong="$wrong the culprit is not named"
grep -q '^    stack of the occupant, ' "$dir/out" || wrong="$wrong there is no stack"
[ "$(wc -l <"$dir/lines")" = 1 ] || wrong="$wrong there are $(wc -l <"$dir/lines") lines of JSON"
python3 - "$dir/lines" >"$dir/same" 2>&1 <<'END' || wrong="$wrong $(tail -n 1 "$dir/same")"
import json, sys
line = json.loads(open(sys.argv[1]).readline())
stall = line["stall"]
assert stall["wait_ns"] >= 200000000 and stall["open"], stall
# while it starves, and within 100 ms of the threshold; found waits are at least so long when they are met
assert stall["began_by"] == "found" or stall["wait_ns"] <= 300000000, stall["wait_ns"]
assert sum(stall["causes"].values()) == stall["wait_ns"]
END
check 'a starving thread is reported while it starves, with its culprit and stacks, and the status is 2'
end_stall
same_as_before
check 'everything is as before'

begin_stall
"$RTLA_STALL" hist --all -c "$last" -T 200ms --on-threshold shell,command='echo one,two' --on-threshold continue -d 3 \
	--no-aa >"$dir/out" 2>"$dir/err" || wrong="status $?: $(cat "$dir/err")"
grep -q '^one,two$' "$dir/out" || wrong="$wrong the command did not run as it was given"
check 'with continue the run goes on, and its status is 0'

# The second hit is reported while the command of the first one still runs; each command has its turn. Where
# something else makes threads wait before there is a trace, there is none to save: once more.
two_lines() { [ "$(grep -c hit "$dir/lines2" 2>/dev/null)" -ge 2 ] 2>/dev/null; }
end_stall
for _ in 1 2 3; do
	rm -f "$dir"/s.*dat "$dir/lines2"
	(
		cd "$dir" || exit 1
		: >s.2.dat
		exec "$RTLA_STALL" hist --all -c "$last" -T 50ms --on-threshold trace,file=s.dat --on-threshold \
			shell,command='echo begun; sleep 2.5; echo done' --on-threshold continue --json-lines=lines2 \
			-d 3 --no-aa
	) >"$dir/out" 2>"$dir/err" &
	pid=$!
	await 10 test -d "$tracefs/instances/rtla-stall.$pid"
	sleep 0.3
	# one wait that goes on is told of once: so there are several
	for _ in 1 2 3 4 5 6; do
		# what ends them has to run itself: it is neither on that CPU alone nor at that priority
		timeout 0.3 taskset -c "$last" sh -c 'while :; do :; done' &
		timeout 0.2 taskset -c "$last" chrt -f 50 sh -c 'while :; do :; done'
		sleep 0.15
		! two_lines || break
	done
	seen=no
	two_lines && ! grep -q '^done$' "$dir/out" && seen=yes
	wait $pid
	status=$?
	grep -q 'no trace to save yet' "$dir/err" || break
done
[ $seen = yes ] || wrong="there were not two lines before the first command had ended"
[ $status = 0 ] || wrong="$wrong status $status: $(cat "$dir/err")"
nr_lines=$(wc -l <"$dir/lines2")
[ "$(grep -c '^done$' "$dir/out")" = "$nr_lines" ] || wrong="$wrong not every hit had its command: $(cat "$dir/err")"
check 'while a command of a threshold runs, it goes on reading, and hits are told of'

[ -s "$dir/s.dat" ] && [ -s "$dir/s.3.dat" ] || wrong="no s.dat, or no s.3.dat: $(ls "$dir")"
[ ! -s "$dir/s.2.dat" ] || wrong="$wrong a file that was there was written over"
check 'the traces of a run are numbered before the suffix, and take no name that is taken'

# -T 20us is reached many times while the first command sleeps
"$RTLA_STALL" hist --all -T 20us --no-aa --on-threshold shell,command='echo once; sleep 0.5; false' \
	--on-threshold continue -d 20 >"$dir/out" 2>"$dir/err"
status=$?
[ $status = 2 ] || wrong="status $status: $(cat "$dir/err")"
[ "$(grep -c '^once$' "$dir/out")" = 1 ] || wrong="$wrong it ran $(grep -c '^once$' "$dir/out") times"
check 'a command that fails is the last: no hit that waits for its turn has one'

# ---- ends ---------------------------------------------------------------------------------------

for signal in TERM INT HUP; do
	# a shell has its background jobs ignore SIGINT
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
		"$RTLA_STALL" hist --all >"$dir/out" 2>"$dir/err" &
	pid=$!
	await 10 test -d "$tracefs/instances/rtla-stall.$pid" || wrong="$wrong $signal: it does not begin"
	sleep 0.5
	kill -$signal $pid
	wait $pid || wrong="$wrong $signal: status $?: $(cat "$dir/err")"
	grep -q '^TOTALS' "$dir/out" || wrong="$wrong $signal: no results"
done
check 'SIGTERM, SIGINT and SIGHUP end it with its results'
same_as_before
check 'and everything is as before'

# the session that ends sends more than one signal; what the user's shell runs at the end is run all the same
for times in 1 2 3 4; do
	python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
		"$RTLA_STALL" hist --all --on-end shell,command='sleep 0.2; echo at the end' >"$dir/out" 2>"$dir/err" &
	pid=$!
	await 10 test -d "$tracefs/instances/rtla-stall.$pid" || wrong="$wrong it does not begin"
	sleep 0.5
	kill -INT $pid
	sleep 0.0$times
	kill -TERM $pid
	kill -HUP $pid
	wait $pid || wrong="$wrong status $?"
	[ ! -s "$dir/err" ] || wrong="$wrong it says: $(cat "$dir/err")"
	grep -q '^at the end$' "$dir/out" || wrong="$wrong --on-end was not done"
done
check 'several signals at once, and what is to be done at the end is done'
same_as_before
check 'and everything is as before'

# timeout ends what does not end by itself: 124
timeout 20 "$RTLA_STALL" top --all 2>"$dir/err" | head -n 1 >"$dir/out"
[ -s "$dir/out" ] || wrong='top prints nothing'
for options in '--stall 20us --json-lines' '-T 20us --on-threshold continue'; do
	# shellcheck disable=SC2086
	{ timeout 20 "$RTLA_STALL" top -q --all $options 2>"$dir/err"; echo $? >"$dir/status"; } | head -c 100 >"$dir/out"
	[ "$(cat "$dir/status")" = 0 ] || wrong="$wrong $options: status $(cat "$dir/status")"
	[ ! -s "$dir/err" ] || wrong="$wrong $options: it says: $(cat "$dir/err")"
done
check 'it ends when its reader goes away'

"$RTLA_STALL" hist --all -d 1 --json="$dir/closed.json" <&- >&- 2>&- || wrong="status $?"
python3 -m json.tool "$dir/closed.json" >/dev/null || wrong="$wrong no JSON"
"$RTLA_STALL" top -q -d 1 >&- 2>"$dir/err"
[ $? = 1 ] || wrong="$wrong it does not say that it cannot print"
same_as_before
check 'started with its standard files closed, it gives everything back'

"$RTLA_STALL" top -q --all -T 20us --on-threshold trace,file="$dir/keep.dat" --on-threshold continue --trace-keep 2 \
	-d 3 >"$dir/out" 2>"$dir/err" || wrong="status $?"
[ "$(find "$dir" -name 'keep*' | wc -l)" = 2 ] || wrong="$wrong $(ls "$dir")"
[ "$(wc -l <"$dir/err")" = 1 ] || wrong="$wrong it says: $(cat "$dir/err")"
check 'with --trace-keep traces saved the run goes on, and that is said once'

"$RTLA_STALL" hist -d 30 --json="$dir/killed.json" >"$dir/out" 2>"$dir/err" &
pid=$!
await 10 test -d "$tracefs/instances/rtla-stall.$pid" || wrong='it does not begin'
kill -KILL $pid
wait $pid 2>/dev/null
same_as_before
[ -z "$(find "$dir" -name 'killed*')" ] || wrong="$wrong there is $(find "$dir" -name 'killed*')"
[ ! -s "$dir/out" ] || wrong="$wrong something was printed"
check 'killed, its guard gives everything back'

"$RTLA_STALL" top -q -d 1 >/dev/full 2>"$dir/err"
[ $? = 1 ] || wrong='it does not say that it cannot print'
grep -q '^rtla-stall top: standard output: ' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
"$RTLA_STALL" hist --all -T 1us -t /dev/full/no >"$dir/out" 2>"$dir/err"
[ $? = 2 ] || wrong="$wrong a trace that cannot be saved hides the hit"
grep -q '/dev/full/no' "$dir/err" || wrong="$wrong it does not say that the trace was not saved"
"$RTLA_STALL" top -q --all --stall 20us --json-lines=/dev/full -d 1 >"$dir/out" 2>"$dir/err"
[ $? = 1 ] || wrong="$wrong it does not say that lines were not written"
grep -q '^rtla-stall top: /dev/full: ' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
check 'no room to print, and to save'

if command -v setpriv >/dev/null; then
	setpriv --reuid=65534 --regid=65534 --clear-groups "$RTLA_STALL" top -q -d 1 >"$dir/out" 2>"$dir/err"
	[ $? = 1 ] || wrong='status'
	grep -q 'needs root' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
	check 'without root it says so'
fi
"$RTLA_STALL" hist -c 16000 -d 1 >"$dir/out" 2>"$dir/err"
[ $? = 1 ] || wrong='status'
grep -q 'there is no CPU 16000' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
check 'a CPU that is not there is named'
"$RTLA_STALL" top -e no:such -d 5 >"$dir/out" 2>"$dir/err"
[ $? = 1 ] || wrong='status'
grep -q 'no such event' "$dir/err" || wrong="$wrong it says: $(cat "$dir/err")"
[ ! -s "$dir/out" ] || wrong="$wrong something was printed"
check 'what shows only when tracing is set up leaves nothing printed'
for nr_files in 6 7 8 9 10 11; do
	# shellcheck disable=SC3045
	(ulimit -n $nr_files && exec "$RTLA_STALL" record -o "$dir/none.dat" -d 1ms) >"$dir/out" 2>"$dir/err"
	! grep -q 'no tracefs' "$dir/err" || wrong="$wrong with $nr_files files: $(cat "$dir/err")"
done
rm -f "$dir/none.dat"
check 'tracefs that cannot be looked for is not said to be missing'

same_as_before
check 'everything is as before'
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# analyze.t: exit statuses, messages, selection, and the text report of rtla-stall analyze. TAP.

LC_ALL=C
export LC_ALL
unset NO_COLOR
count=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

ok() {
	count=$((count + 1))
	echo "ok $count - $1"
}

not_ok() {
	count=$((count + 1))
	failed=$((failed + 1))
	echo "not ok $count - $1"
	shift
	printf '%s\n' "$@" | sed 's/^/#   /'
}

# run STATUS ARGUMENT...: the output is in $dir/out and $dir/err; what was wrong with the status in $wrong
run() {
	wanted=$1
	shift
	"$RTLA_STALL" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	wrong=
	[ "$status" = "$wanted" ] || wrong="exit status $status, not $wanted: $(head -c 300 "$dir/err")"
}

# check WHAT: passes when $wrong is empty
check() {
	if [ -z "$wrong" ]; then ok "$1"; else not_ok "$1" "$wrong"; fi
}

# refused STATUS WORDS WHAT ARGUMENT...: nothing on standard output, one line on standard error
refused() {
	wanted=$1 words=$2 what=$3
	shift 3
	run "$wanted" "$@"
	[ -n "$wrong" ] || [ ! -s "$dir/out" ] || wrong="standard output is not empty"
	[ -n "$wrong" ] || [ "$(cat "$dir/err")" = "rtla-stall $words" ] || wrong="it says: $(cat "$dir/err")"
	check "$what"
}

# A kworker waits 30 ms for a FIFO 50 hog; ksoftirqd waits 30 us for idle, then from a preemption on.
cat >"$dir/hog.txt" <<'END'
# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
          <idle>-0       [001] d..2.   100.000000: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=hog next_pid=50 next_prio=49
          <idle>-0       [000] d..2.   100.000500: sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=cat next_pid=60 next_prio=120
             cat-60      [000] d..2.   100.010000: sched_waking: comm=kworker/1:0 pid=33 prio=120 target_cpu=001
             cat-60      [000] d..2.   100.010000: sched_wakeup: comm=kworker/1:0 pid=33 prio=120 target_cpu=001
             hog-50      [001] d..2.   100.040000: sched_switch: prev_comm=hog prev_pid=50 prev_prio=49 prev_state=S ==> next_comm=kworker/1:0 next_pid=33 next_prio=120
     kworker/1:0-33      [001] d..2.   100.041000: sched_switch: prev_comm=kworker/1:0 prev_pid=33 prev_prio=120 prev_state=I ==> next_comm=swapper/1 next_pid=0 next_prio=120
             cat-60      [000] d..2.   100.050000: sched_waking: comm=ksoftirqd/1 pid=20 prio=120 target_cpu=001
             cat-60      [000] d..2.   100.050000: sched_wakeup: comm=ksoftirqd/1 pid=20 prio=120 target_cpu=001
          <idle>-0       [001] d..2.   100.050030: sched_switch: prev_comm=swapper/1 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=ksoftirqd/1 next_pid=20 next_prio=120
             cat-60      [000] d..2.   100.059900: sched_waking: comm=hog pid=50 prio=49 target_cpu=001
             cat-60      [000] d..2.   100.059900: sched_wakeup: comm=hog pid=50 prio=49 target_cpu=001
     ksoftirqd/1-20      [001] d..2.   100.060000: sched_switch: prev_comm=ksoftirqd/1 prev_pid=20 prev_prio=120 prev_state=R+ ==> next_comm=hog next_pid=50 next_prio=49
             cat-60      [000] d..2.   100.075000: sched_switch: prev_comm=cat prev_pid=60 prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120
END
sed 's/swapper\/1 next_pid=0 next_prio=120$/swapper\/1 next_pid=0 next_prio/' "$dir/hog.txt" >"$dir/cut.txt"
: >"$dir/empty.dat"
printf 'PERFILE2 and more' >"$dir/perf.data"

# ---- the program --------------------------------------------------------------------------------

run 129 nonsense
[ -n "$wrong" ] || [ "$(head -n 1 "$dir/err")" = 'rtla-stall: no such command: nonsense' ] || wrong=$(cat "$dir/err")
[ -n "$wrong" ] || [ ! -s "$dir/out" ] || wrong='standard output is not empty'
[ -n "$wrong" ] || grep -q '^usage: rtla-stall \[COMMAND\]' "$dir/err" || wrong='no usage'
check 'an unknown command is named, with the usage, on standard error'
run 129 --help
[ -n "$wrong" ] || grep -q '^  analyze ' "$dir/out" || wrong='analyze is not listed'
[ -n "$wrong" ] || [ ! -s "$dir/err" ] || wrong='standard error is not empty'
check '--help lists the commands'
run 0 --version
[ -n "$wrong" ] || grep -q -x 'rtla-stall [0-9][0-9.]*' "$dir/out" || wrong=$(cat "$dir/out")
check '--version'
run 129 analyze --help
[ -n "$wrong" ] || grep -q -e '-T, --threshold TIME' "$dir/out" || wrong='no --threshold'
check 'analyze --help lists the options'

# ---- what is refused ----------------------------------------------------------------------------

refused 129 'analyze: the name of a trace file is missing' 'no file' analyze
refused 129 "analyze: --stall: '10xs' is no time: write a number and ns, us, ms, s, m or h" \
	'10xs is no time' analyze --stall 10xs "$dir/hog.txt"
refused 129 'analyze: no such option: --frobnicate' 'an unknown option' analyze --frobnicate x
refused 129 'analyze: no such option: --\x1b[31m' 'options cannot reach the terminal' analyze "--$(printf '\033')[31m"
refused 129 'analyze: --json and --csv cannot both be on standard output: give one a file' \
	'two outputs at once' analyze --json --csv "$dir/hog.txt"
refused 1 "analyze: $dir/absent cannot be opened: No such file or directory" 'a file that is not there' analyze "$dir/absent"
refused 1 "analyze: $dir/absent/x.json: No such file or directory" 'an output that cannot be written' \
	analyze "--json=$dir/absent/x.json" "$dir/hog.txt"
for file in empty.dat perf.data; do
	run 1 analyze "$dir/$file"
	[ -n "$wrong" ] || [ ! -s "$dir/out" ] || wrong='standard output is not empty'
	[ -n "$wrong" ] || [ "$(wc -l <"$dir/err")" = 1 ] || wrong='not one line'
	[ -n "$wrong" ] || grep -q -F "$file" "$dir/err" || wrong="does not name it: $(cat "$dir/err")"
	check "$file is refused in one line that names it"
done
grep -q perf "$dir/err" && ok 'perf.data is refused by name' || not_ok 'perf.data is refused by name' "$(cat "$dir/err")"
if [ -e /dev/full ]; then
	for option in --no-header --json --csv; do
		"$RTLA_STALL" analyze $option "$dir/hog.txt" >/dev/full 2>"$dir/err"
		status=$?
		wrong=
		[ "$status" = 1 ] || wrong="exit status $status"
		[ "$(cat "$dir/err")" = 'rtla-stall analyze: standard output: No space left on device' ] ||
			wrong="$wrong $(cat "$dir/err")"
		check "$option on a full disk fails and says so"
	done
	refused 1 'analyze: /dev/full: No space left on device' 'so does a file on a full disk' \
		analyze --json=/dev/full "$dir/hog.txt"
fi

# ---- exit status --------------------------------------------------------------------------------

run 0 analyze "$dir/hog.txt"
check 'stalls alone do not change the status'
run 2 analyze -T 30ms "$dir/hog.txt"
check 'a wait as long as the threshold: status 2'
[ -s "$dir/out" ] && ok 'and the report is there' || not_ok 'and the report is there' 'it is empty'
run 0 analyze -T 30001 "$dir/hog.txt"
check 'a threshold that is not reached: status 0; a plain number is us'
run 0 analyze -T 10ms --task 50 "$dir/hog.txt"
check 'waits of threads that are not selected do not count'
run 2 analyze --threshold 1ms --stall 1h "$dir/hog.txt"
[ -n "$wrong" ] || grep -q 'STALLS  no wait of at least 3600 s' "$dir/out" || wrong=$(grep STALLS "$dir/out")
check '--stall decides what is listed, --threshold the status'
("$RTLA_STALL" analyze --top 0 "$dir/hog.txt"; echo $? >"$dir/status") 2>"$dir/err" | head -n 1 >/dev/null
wrong=$(cat "$dir/err")
[ "$(cat "$dir/status")" = 0 ] || wrong="exit status $(cat "$dir/status") $wrong"
check 'a reader that goes away is no error'
run 2 analyze -T 10ms "--json=$dir/x.json" "--csv=$dir/x.csv" "$dir/hog.txt"
[ -n "$wrong" ] || [ ! -s "$dir/out" ] || wrong='standard output is not empty'
[ -s "$dir/x.json" ] && [ -s "$dir/x.csv" ] || wrong='a file is missing'
check 'output goes to files instead'
[ "$(find "$dir" -name 'x.*' | wc -l)" = 2 ] && ok 'and leaves nothing else' || not_ok 'and leaves nothing else' "$(ls "$dir")"
echo before >"$dir/kept.json"
run 1 analyze "--json=$dir/kept.json" "$dir/empty.dat"
[ -n "$wrong" ] || [ "$(cat "$dir/kept.json")" = before ] || wrong='it was overwritten'
[ "$(find "$dir" -name 'kept.*' | wc -l)" = 1 ] || wrong='something is left'
check 'after an error the file is what it was'
mv "$dir/cut.txt" "$dir/cut again.txt"
run 0 analyze "$dir/cut again.txt"
check 'a damaged file is reported as far as it goes'
run 0 analyze --no-header --task kworker/1:0 "$dir/hog.txt"
cp "$dir/out" "$dir/from-file"
"$RTLA_STALL" analyze --no-header --task kworker/1:0 - <"$dir/hog.txt" >"$dir/out" 2>&1
wrong=$(diff "$dir/from-file" "$dir/out")
check 'standard input gives the same'

# ---- the text -----------------------------------------------------------------------------------

# same WHAT: $dir/out is what standard input says
same() {
	wrong=$(diff - "$dir/out")
	check "$1"
}

run 0 analyze --no-header --task 'k*' "$dir/hog.txt"
same 'the report of a known trace, byte for byte' <<'END'
STALLS  2 waits of at least 10 ms, longest first

  1 kworker/1:0 (tid 33, fair nice 0) waited 30.000 ms on CPU 1
    100.00 % interference by hog (50, rt 50)
    from 100.010000000 to 100.040000000, 0.030000000 s; woken by cat (60)
          share       time  cause and reason     charged to
    A  100.00 %  30.000 ms  interference thread  hog (50, rt 50)
    |AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|

  2 ksoftirqd/1 (tid 20, fair nice 0) has waited 15.000 ms on CPU 1, and still waits
    100.00 % interference by hog (50, rt 50)
    from 100.060000000 to 100.075000000, 0.015000000 s; preempted
          share       time  cause and reason     charged to
    A  100.00 %  15.000 ms  interference thread  hog (50, rt 50)
    |AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|

THREADS BY SUMMED WAIT  2 of 2 selected threads waited
  thread            waits  open        sum        avg        p50        p99      p99.9        max
  kworker/1:0 (33)      1        30.000 ms  30.000 ms  30.000 ms  30.000 ms  30.000 ms  30.000 ms
  ksoftirqd/1 (20)      2     1  15.030 ms  30.000 us  30.000 us  30.000 us  30.000 us  15.000 ms

THREADS BY WORST WAIT
  thread            worst wait       began at  CPU     share  charged to  cause and reason
  kworker/1:0 (33)   30.000 ms  100.010000000    1  100.00 %  hog (50)    interference thread
  ksoftirqd/1 (20)   15.000 ms  100.060000000    1  100.00 %  hog (50)    interference thread

CULPRITS BY TIME CHARGED
  charged to  cause and reason               time    share  waits      worst  most of it from
  hog (50)    interference thread       45.000 ms  99.93 %      2  30.000 ms  kworker/1:0 (33)
  idle CPU 1  release jitter idle-exit  30.000 us   0.07 %      1  30.000 us  ksoftirqd/1 (20)

TOTALS  3 waits of 2 selected threads, still open: 1
  interference    0.045000000 s   99.93 %  #######################################
  blocking        0.000000000 s    0.00 %
  release jitter  0.000030000 s    0.07 %  .
  execution       0.000000000 s    0.00 %
  unattributed    0.000000000 s    0.00 %
  sum             0.045030000 s  100.00 %
END

# lists NAMES WHAT ARGUMENT...: these threads have a row in the CSV, and no others
lists() {
	names=$1 what=$2
	shift 2
	run 0 analyze --csv --no-header "$@" "$dir/hog.txt"
	[ -n "$wrong" ] || [ "$(cut -d , -f 2 "$dir/out" | tr -d '"' | sort | paste -s -d ' ')" = "$names" ] ||
		wrong=$(cut -d , -f 2 "$dir/out" | paste -s -d ' ')
	check "$what"
}
lists 'cat hog ksoftirqd/1 kworker/1:0' 'who is not known to be a user thread is shown'
lists 'kworker/1:0' '--task with a tid' --task 33
lists 'hog kworker/1:0' '--task with a name and a pattern' --task hog --task 'kw*:?'
lists '' '--task that nothing matches' --task nobody
lists 'hog ksoftirqd/1 kworker/1:0' '--cpus chooses threads with waits there' -c 1
lists '' '--cpus without waits' -c 0,2-9
lists 'kworker/1:0' '--from and --to choose waits that overlap' --from 100.02 --to 100.03
lists 'hog ksoftirqd/1' '--from alone' --from 100.045
lists 'kworker/1:0' '--to alone' --to 100045ms

run 0 analyze --task nobody "$dir/hog.txt"
[ -n "$wrong" ] || grep -q -x 'THREADS  none of the selected threads waited' "$dir/out" || wrong=$(grep THREADS "$dir/out")
check 'an empty result says so'
run 0 analyze "$dir/hog.txt"
[ -n "$wrong" ] || grep -q '^  irq_handler_entry .*charged to the threads they hit' "$dir/out" || wrong='not said'
check 'missing events are named with what they hide'
[ "$(LC_ALL=C grep -c "$(printf '\033')" "$dir/out")" = 0 ] && ok 'no colours in a file' || not_ok 'no colours in a file' x

cp "$dir/hog.txt" "$dir/itself.txt"
ln -s itself.txt "$dir/link.txt"
run 1 analyze --json="$dir/link.txt" "$dir/itself.txt"
cmp -s "$dir/hog.txt" "$dir/itself.txt" || wrong='the trace was overwritten'
check 'the trace itself is not overwritten'
(yes 'no trace' | timeout -k 20 1 "$RTLA_STALL" analyze - >"$dir/out" 2>"$dir/err"; echo $? >"$dir/status") 2>/dev/null
[ "$(cat "$dir/status")" = 124 ] && ok 'SIGTERM ends a pipe that says nothing' ||
	not_ok 'SIGTERM ends a pipe that says nothing' "$(cat "$dir/status")"

echo "1..$count"
[ "$failed" = 0 ]

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What the guest's init and the [run] sections of the scenarios use. busybox sh.
#
# The machine: CPUs 0 and 1 keep house; CPU 2 is isolated and keeps its tick; CPU 3 is isolated and
# nohz_full. Real-time throttling and the fair server are off unless a scenario turns them on.

CONTROL=/proc/stallbench
TRACING=/sys/kernel/tracing
OUT=/tmp/out
RESULTS=/dev/vda
offset=0		# on $RESULTS, in blocks of 64 KiB

# A line for the host, on the console.
say()
{
	echo "@bench $*"
}

set_up_machine()
{
	mkdir -p $OUT
	restore_machine
	echo 0 > /proc/sys/kernel/watchdog 2>/dev/null
	echo "+cpu" > /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	# Traces carry the symbols the bench needs and a few more, not 200,000.
	grep -E '\[stallbench\]|_work$|_workfn$|vm_stats|vmstat|_timer_fn|hrtimer_wakeup|process_timeout' \
		/proc/kallsyms > /tmp/kallsyms
	mount -o bind /tmp/kallsyms /proc/kallsyms
	copy_formats
}

# trace-cmd extract saves the formats of all the 1,300 events there are; of a copy, only those.
copy_formats()
{
	for system in sched task irq irq_vectors workqueue lock osnoise timer ftrace; do
		for format in $TRACING/events/$system/*/format; do
			to=/tmp/events/${format#$TRACING/events/}
			mkdir -p ${to%/*}
			cat $format > $to
			touch ${to%/*}/enable ${to%/*}/filter
		done
	done
	cat $TRACING/events/header_page > /tmp/events/header_page
	cat $TRACING/events/header_event > /tmp/events/header_event
	touch /tmp/events/enable
}

# What scenarios change, and may not have lived to change back.
restore_machine()
{
	echo 1 > /sys/kernel/rcu_expedited	# setting up tracing waits for many grace periods
	put /proc/sys/kernel/sched_rt_runtime_us -1
	for server in /sys/kernel/debug/sched/fair_server/cpu*/runtime; do
		[ ! -e $server ] || put $server 0
	done
	for online in /sys/devices/system/cpu/cpu*/online; do
		put $online 1
	done
}

# FILE VALUE: write what is not there yet; some of these are refused while they are in use.
put()
{
	[ "$(cat $1)" = "$2" ] || echo "$2" > $1
}

# What two context switches cost in this guest, for the tolerance of the comparison.
measure_switch()
{
	mkdir -p $OUT/guest
	waker switch 2 fifo:60 2 200 500 > $OUT/guest/truth
	uname -a > $OUT/guest/uname
	carry_out guest
}

# Section $2 of the scenario file $1.
section()
{
	awk -v want="[$2]" '/^\[/ { on = $0 == want; next } on' "$1"
}

# The value of a key of the [record] section.
setting()
{
	awk -v key="$1" '$1 == key { sub(/^[^ \t]+[ \t]*/, ""); print }' "$record"
}

# The events of the [record] section, a line each.
events_of()
{
	for set in $(setting events); do
		case $set in
		sched)	for event in switch waking wakeup wakeup_new migrate_task pi_setprio process_fork \
				process_exec process_exit; do
				echo sched:sched_$event
			done ;;
		task)	echo task:task_rename task:task_newtask ;;
		irq)	echo irq:irq_handler_entry irq:irq_handler_exit irq:softirq_entry irq:softirq_exit ;;
		vectors) echo irq_vectors:* ;;
		work)	echo workqueue:* ;;
		lock)	echo lock:contention_begin lock:contention_end ;;
		*)	echo $set ;;
		esac
	done | tr ' ' '\n'
}

# What a name asks for beside the scenario: +top, +hist, both, or nothing.
how_of()
{
	how=${1%%.try*}
	case $how in
	*+*)	echo +${how#*+} ;;
	esac
}

# Options for what the [record] section asks for. The live modes record what they need by themselves.
live_options()
{
	echo "--all --stall 1ns --trace-buffer-size $(setting buffer) --tracer $(setting tracer | grep . || echo none)"
	case " $(setting events) " in
	*" lock "*) echo "-e lock:contention_begin -e lock:contention_end" ;;
	esac
	[ "$(setting tracer)" = timerlat ] || return 0
	period=$(setting options | tr ' ' '\n' | sed -n 's/^timerlat_period_us=//p')
	echo "-k -c $(setting cpus) -p ${period}us"
}

# FACE OPTION...: in the background, until it records; its document, its trace, what it says.
live_start()
{
	face=$1
	shift
	rtla-stall $face $(live_options) --json=$dir/$face.json --on-end trace,file=$dir/$face.dat "$@" \
		> $dir/$face.out 2> $dir/$face.err &
	live="$live $!"
	( within 60 is_live $! ) >> $dir/log || where_it_is $! >> $dir/log
}

# PID: of it, and of the processes it started, in which function of the kernel they are
where_it_is()
{
	for process in $1 $(cat /proc/$1/task/$1/children 2>/dev/null); do
		echo "$process $(cut -d' ' -f2,3 /proc/$process/stat): $(cat /proc/$process/stack)"
	done
}

# Tracing is set up, and who did that is gone; true, too, of one that has ended.
is_live()
{
	[ "$(cat $TRACING/instances/rtla-stall.$1/tracing_on 2>/dev/null)" = 1 ] &&
		[ -z "$(cat /proc/$1/task/$1/children 2>/dev/null)" ] || ! kill -0 $1 2>/dev/null
}

live_stop()
{
	kill -TERM $live	# of a command in the background a shell has SIGINT ignored
	( sleep 60; kill -KILL $live ) 2>/dev/null &
	watchdog=$!
	for pid in $live; do
		wait $pid || { echo "status $?: $(cat $dir/*.err)"; dmesg | tail -n 5; echo 1 > $dir/status; } >> $dir/log
	done
	kill $watchdog
	( within 60 nothing_is_left ) >> $dir/log
	ls $TRACING/instances > $dir/instances
}

# Where giving back takes long, the guard goes on with it alone.
nothing_is_left()
{
	[ -z "$(ls $TRACING/instances)" ]
}

# Those who empty the buffers, as process ids.
readers()
{
	echo $live
	for stat in /proc/[0-9]*/stat; do
		awk -v parent=${recorder:-0} '$4 == parent && $2 == "(trace-cmd)" { print $1 }' $stat 2>/dev/null
	done
}

# Plain tracefs: trace-cmd start and reset take seconds here, for they visit every event there is.
recording_start()
{
	recorder=
	live=
	how=$(how_of $1)
	text=$(setting text)
	case $how in
	*top*)	live_start top -q ;;
	esac
	case $how in
	*hist*)	live_start hist ${text:+--on-end trace,file=$dir/hist.txt} ;;
	esac
	[ -z "$how" ] || return
	tracer=$(setting tracer)
	echo 0 > $TRACING/tracing_on
	[ -n "$tracer" ] && set_up_tracer
	if [ "$(setting by)" = record ]; then
		touch /tmp/recording
		trace-cmd record -C $(setting clock) -b $(setting buffer) -s 5000 \
			$(for event in $(events_of); do echo "-e $event"; done) \
			-o $dir/trace.dat sh -c 'while [ -e /tmp/recording ]; do usleep 20000; done' \
			> $dir/record.log 2>&1 &
		recorder=$!
		within 60 is_tracing
		return
	fi
	echo $(setting buffer) > $TRACING/buffer_size_kb
	echo $(setting clock) > $TRACING/trace_clock
	events_of > $TRACING/set_event
	echo ${tracer:-nop} > $TRACING/current_tracer
	echo > $TRACING/trace
	echo 1 > $TRACING/tracing_on
}

is_tracing()
{
	[ "$(cat $TRACING/tracing_on)" = 1 ] && [ "$(cat $TRACING/events/sched/sched_switch/enable)" = 1 ]
}

set_up_tracer()
{
	setting cpus > $TRACING/osnoise/cpus
	echo OSNOISE_WORKLOAD > $TRACING/osnoise/options
	for option in $(setting options); do
		case $option in
		*=*)	echo "${option#*=}" > $TRACING/osnoise/${option%%=*} ;;
		*)	echo "$option" > $TRACING/osnoise/options ;;
		esac
	done
}

recording_stop()
{
	if [ -n "$live" ]; then
		live_stop
		return
	fi
	if [ "$(setting by)" = record ]; then
		rm /tmp/recording
		wait $recorder
	else
		echo 0 > $TRACING/tracing_on
		[ -n "$(setting text)" ] && cat $TRACING/trace > $dir/trace.txt
		mount -o bind /tmp/events $TRACING/events
		trace-cmd extract -o $dir/trace.dat > $dir/extract.log 2>&1
		umount $TRACING/events
	fi
	cat $TRACING/per_cpu/cpu*/stats > $dir/buffer-stats
	echo nop > $TRACING/current_tracer
	echo 0 > $TRACING/events/enable
}

# A result directory, appended to the disk as a tar; what is there survives whatever comes after.
carry_out()
{
	tar -C $OUT -cf /tmp/carry.tar "$1"
	blocks=$((($(stat -c %s /tmp/carry.tar) + 65535) / 65536))
	dd if=/tmp/carry.tar of=$RESULTS bs=64k seek=$offset conv=notrunc,sync,fsync 2>/dev/null
	offset=$((offset + blocks))
	say "carried $((offset * 128))"	# of 512 bytes
	rm -rf /tmp/carry.tar "${OUT:?}/$1"
}

# NAME[+top][+hist][.tryN]: the scenario's own shell, its recording, its truth.
run_scenario()
{
	file=${1%%.try*}
	file=/bench/scenarios/${file%%+*}.scn
	dir=$OUT/$1
	record=/tmp/record
	programs=
	rm -f /tmp/tid.*
	mkdir -p $dir
	section $file record > $record
	section $file run > /tmp/script
	say "begin $1"
	echo reset > $CONTROL
	recording_start $1
	say "recording"
	stamp scenario.begin
	echo 0 > /sys/kernel/rcu_expedited
	( . /tmp/script ) >> $dir/log 2>&1
	echo $? > $dir/status
	restore_machine
	say "ran"
	recording_stop
	say "stopped"
	cat $CONTROL $dir/truth.* > $dir/truth 2>/dev/null
	if ! echo reset > $CONTROL; then
		echo "actors are still there" >> $dir/log
		echo 1 > $dir/status
	fi
	say "end $1 $(cat $dir/status) $(($(cat $dir/*.dat | wc -c) / 1024)) KiB"
	carry_out $1
}

# --- for the scenarios ---

# An actor of the kernel module; module/main.c says what it can do.
actor()
{
	echo "actor $*" > $CONTROL || fail "actor $*"
}

fail()
{
	echo "failed: $*"
	exit 1
}

stamp()
{
	echo "stamp $1" > $CONTROL
}

# LABEL: wait until it was noted.
await()
{
	echo "await $1 60000" > $CONTROL || fail "$1 was never noted"
}

# SECONDS COMMAND...: wait until the command succeeds.
within()
{
	until=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	while ! "$@"; do
		[ $(cut -d. -f1 /proc/uptime) -le $until ] || fail "never came true: $*"
		usleep 20000
	done
}

# A program of the bench in the background; its output is truth.
program()
{
	"$@" > $dir/truth.$1.$2 2>> $dir/log &
	programs="$programs $!"
}

# PID: a program that was started has ended; finish need not wait for it.
ended()
{
	wait $1 || fail "a program failed"
	programs=$(echo "$programs " | sed "s/ $1 / /")
}

# NAME COMMAND...: any command in the background; NAME.begin and NAME.end are noted, and its tid.
command_of()
{
	name=$1
	shift
	(
		stamp $name.begin
		sh -c 'echo $$ > /tmp/tid; mv /tmp/tid /tmp/tid.$0; exec "$@"' $name "$@" > /dev/null
		stamp $name.end
		echo "thread $name $(cat /tmp/tid.$name)" >> $dir/truth.threads
	) &
	programs="$programs $!"
}

# Everything that was started has ended.
finish()
{
	for pid in $programs; do
		wait $pid || fail "a program failed"
	done
	echo "join 60000" > $CONTROL || fail "actors are still there"
	! grep -q '\.failed ' $CONTROL || fail "an actor failed: $(grep '\.failed ' $CONTROL)"
}

# NAME TRUTH_NAME: the tid of the kernel thread NAME, as a truth line and in $tid; false without one.
know_thread()
{
	for comm in /proc/[0-9]*/comm; do
		if [ "$(cat $comm 2>/dev/null)" = "$1" ]; then
			tid=${comm#/proc/}
			tid=${tid%/comm}
			echo "thread $2 $tid" >> $dir/truth.threads
			return 0
		fi
	done
	return 1
}

# The thread of truth name $1 sleeps.
sleeps()
{
	[ "$(cut -d' ' -f3 /proc/$(awk -v name=$1 '$2 == name { print $3 }' $dir/truth.threads)/stat)" = S ]
}

# The command of this name has begun and is blocked in the kernel.
sleeps_in_kernel()
{
	[ -e /tmp/tid.$1 ] && [ "$(cut -d' ' -f3 /proc/$(cat /tmp/tid.$1)/stat)" = D ]
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# screens.t: the screen of `rtla-stall top` in a real terminal emulator (tmux), over the scenes of
# tests/screens. TAP. Needs tmux.
#
# tests/screens/NAME.case is a list of steps:
#
#     scene FILE...           what is shown; 'r' goes on to the next
#     size 80x24
#     env NAME=VALUE...       of the program; default TERM=screen LC_ALL=C.UTF-8
#     keys KEY...             as tmux names them
#     resize 120x40           after the keys
#     paint                   colours and attributes count, too
#
# and NAME.screen what the screen shows then. ACCEPT=NAME takes over what it shows now, after the diff.

if ! command -v tmux >/dev/null; then
	echo '1..0 # SKIP tmux is not installed'
	exit 0
fi

program=$TOOLS/show_top
screens=$(pwd)/tests/screens
count=0
failed=0
unset NO_COLOR TMUX LC_CTYPE LANG
LC_ALL=C.UTF-8
TZ=UTC
export LC_ALL TZ
top=$(mktemp -d) || exit 1
# Of our own, whatever else runs on this machine.
TMUX_TMPDIR=$top
export TMUX_TMPDIR
server=none
nr_servers=0
trap 'terminal kill-server; rm -rf "$top"' EXIT

terminal() {
	tmux -L $server "$@" 2>>"$top/tmux"
}

# open_terminal SIZE COMMAND: a terminal of that size, that stays when the command has ended (tmux loses the
# last words of what ends at once). Each has a server of its own: a new one must not meet one that ends.
open_terminal() {
	[ $server = none ] || terminal kill-server
	nr_servers=$((nr_servers + 1))
	server=screens.$nr_servers
	tmux -u -L $server -f /dev/null start-server \; set -g status off \; set -g escape-time 0 \; \
		new-session -d -x "${1%x*}" -y "${1#*x}" "$2; exec cat" 2>>"$top/tmux"
	terminal resize-window -x "${1%x*}" -y "${1#*x}"
}

# wait_until COMMAND...: it succeeds within ten seconds
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -le 200 ] || return 1
		sleep 0.05
	done
}

report() {
	count=$((count + 1))
	if [ "$2" = 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		failed=$((failed + 1))
	fi
}

# capture [-e -N]: what the terminal shows, blanks at the ends of lines made visible
capture() {
	terminal capture-pane -p "$@" | sed 's/\x1b/^/g; s/$/|/'
}
shows() {
	capture | grep -q "$1"
}
is_as_wanted() {
	capture $paint >"$top/got" && cmp -s "$top/got" "$1"
}
is_steady() {
	capture $paint >"$top/now"
	cmp -s "$top/now" "$top/got" || { mv "$top/now" "$top/got"; return 1; }
}

run_case() {
	name=$1
	scenes=
	size=80x24
	environment='TERM=screen'
	keys=
	resize=
	paint=
	while read -r what words; do
		case $what in
		scene) for scene in $words; do scenes="$scenes '$screens/$scene'"; done ;;
		size) size=$words ;;
		env) environment="$environment $words" ;;
		keys) keys=$words ;;
		resize) resize=$words ;;
		paint) paint='-e -N' ;;
		esac
	done <"$screens/$name.case"
	open_terminal "$size" "env $environment '$program' $scenes"
	if ! wait_until shows 'q quit'; then
		capture | sed 's/^/# /'
		report "$name: it comes up" 1
		return
	fi
	set -f
	# shellcheck disable=SC2086
	[ -z "$keys" ] || terminal send-keys $keys
	set +f
	[ -z "$resize" ] || terminal resize-window -x "${resize%x*}" -y "${resize#*x}"
	if [ "${ACCEPT-}" = "$name" ]; then
		: >"$top/got"
		wait_until is_steady
		diff -u "$screens/$name.screen" "$top/got" | sed 's/^/# /'
		cp "$top/got" "$screens/$name.screen"
	fi
	wait_until is_as_wanted "$screens/$name.screen"
	result=$?
	[ $result = 0 ] || diff -u "$screens/$name.screen" "$top/got" | sed 's/^/# /'
	report "$name" $result
}

for case in "$screens"/*.case; do
	[ -e "$case" ] || { echo '# no cases in tests/screens'; exit 1; }
	name=${case##*/}
	run_case "${name%.case}"
done

# ---- the terminal is given back ------------------------------------------------------------------

cat >"$top/around" <<END
#!/bin/sh
echo before
stty -a >'$top/stty.before'
env TERM=screen '$program' '$screens/busy.events'
echo "after: \$?"
stty -a >'$top/stty.after'
END
open_terminal 80x24 "sh '$top/around'"
wait_until shows 'q quit'
terminal send-keys q
wait_until shows 'after: 0' && shows '^before'
report 'q gives the screen back as it was' $?
wait_until test -s "$top/stty.after" && cmp -s "$top/stty.before" "$top/stty.after"
report 'and the settings of the terminal' $?

# With a sanitizer a crash is its own affair, unless it is told not to.
cat >"$top/crash" <<END
#!/bin/sh
ulimit -c 0
echo before
stty -a >'$top/stty.before'
sh -c 'echo \$\$ >$top/crash.pid; exec env TERM=screen \\
	ASAN_OPTIONS=handle_segv=0:handle_abort=0:allow_user_segv_handler=1 "$program" "$screens/busy.events"'
echo "after: \$?"
stty -a >'$top/stty.after'
END
for signal in SEGV ABRT QUIT; do
	rm -f "$top/stty.after" "$top/crash.pid"
	open_terminal 80x24 "sh '$top/crash'"
	wait_until shows 'q quit'
	[ $signal != QUIT ] || terminal send-keys C-s
	kill -$signal "$(cat "$top/crash.pid")"
	wait_until test -s "$top/stty.after" && wait_until shows '^after: 1[0-9][0-9]' && shows '^before' &&
		! shows 'q quit' && cmp -s "$top/stty.before" "$top/stty.after"
	result=$?
	[ $result = 0 ] || capture | sed 's/^/# /'
	report "a crash (SIG$signal) gives the terminal back, too" $result
done

open_terminal 80x24 "sh '$top/around'"
wait_until shows 'q quit'
terminal send-keys C-s Down Down 4
terminal send-keys C-q
wait_until shows '.4 stalls.  1/4'
report 'it goes on when its output was stopped and goes on' $?
terminal send-keys C-s r q
wait_until shows 'after: 0'
report 'it ends while its output is stopped' $?

cat >"$top/hangup" <<END
#!/bin/sh
trap '' HUP
echo \$\$ >'$top/hangup.pid'
# A sanitizer that looks for leaks at the end never comes back where SIGHUP is ignored.
exec env TERM=screen ASAN_OPTIONS=detect_leaks=0 '$program' '$screens/busy.events'
END
open_terminal 80x24 "sh '$top/hangup'"
wait_until shows 'q quit'
terminal kill-server
pid=$(cat "$top/hangup.pid")
is_gone() { ! kill -0 "$pid" 2>/dev/null; }
wait_until is_gone
result=$?
[ $result = 0 ] || kill -9 "$pid"
report 'it ends when its terminal is gone' $result

open_terminal 80x24 "env TERM=no-such-terminal '$program' '$screens/busy.events'"
wait_until shows 'the terminal (TERM is no-such-terminal) is not known here'
report 'an unknown terminal is refused in words' $?
open_terminal 80x24 "env TERM=dumb '$program' '$screens/busy.events'"
wait_until shows 'the terminal (TERM is dumb) cannot be painted on'
report 'one that cannot be painted on, too' $?
words=$("$program" "$screens/busy.events" </dev/null 2>&1)
[ "$words" = 'show_top: top: standard input is no terminal' ]
report 'and what is no terminal' $?

echo "1..$count"
[ "$failed" = 0 ]

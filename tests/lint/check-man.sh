#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-man.sh PROGRAM: what a command's --help lists and what Documentation says are the same options:
# every option is described exactly once, and none is described that is not there. Run from the top of
# the tree. TAP.
#
# In --help an option is a line that begins with blanks and a dash. In Documentation its description is a
# line that begins with "**-": for a command in an include (*.txt), for the program in rtla-stall.rst.

. tests/lint/lib.sh

program=$1
documentation=rtla-stall/Documentation
# described FILE...: the options that are described there, one per line, as often as they are
described() {
	cat "$@" | grep -E '^\*\*-' | grep -o -E '\*\*-[^*]*\*\*' | tr -d '*' | sed 's/[=[].*//'
}
# listed COMMAND...: the options in its --help
listed() {
	"$program" "$@" --help 2>/dev/null | sed -n -E 's/^ +((-[^-], *)?(-[^ =[,]+)).*/\1/p' | tr -d ' ' | tr ',' '\n'
}
# compare WHAT LISTED DESCRIBED
compare() {
	if [ -z "$2" ]; then
		report "$1: --help lists options" 'none found'
		return
	fi
	report "$1: every option is described once" "$(for option in $2; do
		times=$(printf '%s\n' "$3" | grep -c -x -e "$option")
		[ "$times" = 1 ] || echo "$option is described $times times"
	done)"
}

included=$(described "$documentation"/*.txt)
all=
for page in "$documentation"/rtla-stall-*.rst; do
	command=${page##*/rtla-stall-}
	command=${command%.rst}
	options=$(listed "$command")
	all="$all $options"
	compare "$command" "$options" "$included"
	report "$command: $page takes in the descriptions" "$(grep -q '^\.\. include:: .*options' "$page" ||
		echo 'no ".. include:: ...options..." in it')"
done
report 'no option is described that no command has' "$(for option in $included; do
	printf '%s\n' $all | grep -q -x -e "$option" || echo "$option"
done)"
own=$(described "$documentation/rtla-stall.rst")
compare rtla-stall "$(listed)" "$own"
report 'rtla-stall: no option is described that is not there' "$(for option in $own; do
	listed | grep -q -x -e "$option" || echo "$option"
done)"

if [ -z "${RST2MAN-}" ]; then
	count=$((count + 1))
	echo "ok $count # SKIP man pages: rst2man is not installed"
else
	for page in "$documentation"/*.rst; do
		report "$page is valid" "$("$RST2MAN" --strict "$page" 2>&1 >/dev/null)"
	done
fi
for page in "$documentation"/rtla-stall*.rst; do
	report "$page has its sections in rtla's order" "$(
		wanted='SYNOPSIS DESCRIPTION OPTIONS OUTPUT EXAMPLE SEE ALSO AUTHOR'
		found=$(grep -x -E 'SYNOPSIS|DESCRIPTION|OPTIONS|OUTPUT|EXAMPLE|SEE ALSO|AUTHOR' "$page" | paste -s -d ' ')
		[ "$found" = "$wanted" ] || echo "$found")"
done

finish

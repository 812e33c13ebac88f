#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-man.sh PROGRAM: what a command's --help lists and what its man page describes are the same options:
# every option is described exactly once, and none is described that is not there. Run from the top of
# the tree. TAP.
#
# In --help an option is a line that begins with blanks and a dash. In a page its description is a line
# between OPTIONS and OUTPUT that begins with "**-", in the page itself or in a file it includes there.

. tests/lint/lib.sh

program=$1
documentation=rtla-stall/Documentation
# options_of PAGE: what is between OPTIONS and OUTPUT, with what is included
options_of() {
	sed -n '/^OPTIONS$/,/^OUTPUT$/p' "$1" | while IFS= read -r line; do
		case $line in
		'.. include:: '*) cat "$documentation/${line#.. include:: }" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}
# described PAGE: the options that are described there, one per line, as often as they are
described() {
	options_of "$1" | grep -E '^\*\*-' | grep -o -E '\*\*-[^*]*\*\*' | tr -d '*' | sed 's/[=[].*//'
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

# both_ways WHAT COMMAND PAGE: COMMAND may be empty
both_ways() {
	# shellcheck disable=SC2086 # no word when it is empty
	listed=$(listed $2)
	described=$(described "$3")
	compare "$1" "$listed" "$described"
	report "$1: no option is described that is not there" "$(for option in $described; do
		printf '%s\n' "$listed" | grep -q -x -e "$option" || echo "$option"
	done)"
}

both_ways rtla-stall '' "$documentation/rtla-stall.rst"
for page in "$documentation"/rtla-stall-*.rst; do
	command=${page##*/rtla-stall-}
	command=${command%.rst}
	both_ways "$command" "$command" "$page"
done
report 'every command has a page' "$("$program" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | while read -r command; do
	[ -e "$documentation/rtla-stall-$command.rst" ] || echo "$command"
done)"
report 'every include is included' "$(for file in "$documentation"/*.txt; do
	grep -q -x -F ".. include:: ${file##*/}" "$documentation"/*.rst || echo "$file"
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

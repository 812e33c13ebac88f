#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-tree.sh VERSION: what holds for every file of the tree. Run from its top. TAP.

. tests/lint/lib.sh

version=$1
files=$(tracked)
text=$(printf '%s\n' "$files" | grep -v -E '^sample-traces/.*\.(dat|txt)$|/corpus/|^COPYING$|\.(events|report|golden)$')
code=$(printf '%s\n' "$files" | grep -E '\.[ch]$')
# Words in brackets, so that this file is not found itself.
report 'no path of the machine it was written on' \
	"$(printf '%s\n' "$text" | xargs grep -n -I -E '/[w]ork/|\.\./[s]hared|[s]hared/traces|/[h]ome/[a-z]|/[r]oot/' 2>/dev/null)"
report 'nothing left to do' "$(printf '%s\n' "$text" | xargs grep -n -I -w -E 'T[O]DO|F[I]XME|X[X]X' 2>/dev/null)"
report 'every C file and script says its licence' "$(printf '%s\n' "$files" |
	grep -E '\.(c|h|sh|t|py|mk)$|^scripts/|^Makefile$|^tests/run-|/rtla$' | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$file"
	done)"
report 'C lines have at most 110 columns (100 is the aim)' "$(printf '%s\n' "$code" | while read -r file; do
		expand "$file" | awk -v file="$file" 'length($0) > 110 { print file ":" NR ": " length($0) }'
	done)"
report 'no blanks at the end of a line' "$(printf '%s\n' "$code" | xargs grep -n -E '[ 	]+$')"
report 'headers have their include guard' "$(printf '%s\n' "$code" | grep '^rtla-stall/src/.*\.h$' | while read -r file; do
		guard=RTLA_STALL_$(echo "${file#rtla-stall/src/}" | tr 'a-z/.' 'A-Z__')
		grep -q -x "#ifndef $guard" "$file" || echo "$file: $guard"
	done)"
report 'no file is larger than 1.5 MB' "$(printf '%s\n' "$files" | while IFS= read -r file; do
		[ "$(wc -c <"$file")" -le 1500000 ] || echo "$file"
	done)"
report 'the package has the version of the program' \
	"$(grep -q "^Version: *$version\$" rtla-stall.spec || echo "rtla-stall.spec: not $version")"

finish

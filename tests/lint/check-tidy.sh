#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-tidy.sh OUT FLAGS FILE...: clang-tidy finds nothing. A file is looked at again when it, a header
# or this script is newer than its last clean pass. TAP.

. tests/lint/lib.sh
skip_unless clang-tidy
out=$1/tidy
flags=$2
shift 2
mkdir -p "$out"

checks='-*,clang-analyzer-*,bugprone-*,misc-redundant-expression,misc-misplaced-const'
checks="$checks,readability-misleading-indentation,readability-redundant-control-flow"
# What the kernel's style, or plain C, does on purpose.
checks="$checks,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier"
checks="$checks,-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result"
checks="$checks,-bugprone-assignment-in-if-condition,-bugprone-branch-clone,-bugprone-sizeof-expression"
checks="$checks,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
checks="$checks,-bugprone-suspicious-string-compare,-bugprone-signal-handler,-bugprone-macro-parentheses"
# Not known to the analyzer: the cleanup attribute.
checks="$checks,-clang-analyzer-unix.Malloc,-clang-analyzer-deadcode.DeadStores"
checks="$checks,-clang-analyzer-optin.performance.Padding,-clang-analyzer-security.insecureAPI.strcpy"

for file; do
	stamp=$out/$(printf %s "$file" | tr / .)
	if [ -e "$stamp" ] && [ ! -s "$stamp" ] &&
	   [ -z "$(find "$file" "$0" rtla-stall/src -name "${file##*/}" -newer "$stamp" -o -name '*.h' -newer \
		"$stamp" -o -name "${0##*/}" -newer "$stamp")" ]; then
		continue
	fi
	printf '%s\n' "$file"
done >"$out/todo"
xargs -P 2 -I{} sh -c '
	stamp=$1/$(printf %s "$4" | tr / .)
	clang-tidy --quiet --checks="$2" "$4" -- $3 2>/dev/null |
		grep -v -E "^[0-9]+ warnings? (generated|treated)" >"$stamp"
' sh "$out" "$checks" "$flags" {} <"$out/todo"
for file; do
	report "$file" "$(head -n 30 "$out/$(printf %s "$file" | tr / .)")"
done
finish

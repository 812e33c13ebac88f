#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-cppcheck.sh OUT FILE...: cppcheck finds nothing. TAP.

. tests/lint/lib.sh
skip_unless cppcheck
# Not known to cppcheck: the cleanup attribute (memleak), and that a pointer that a call returned anew
# may point elsewhere (identicalInnerCondition, uninitvar). Compiler, analyzer and sanitizers look for these.
out=$1/cppcheck
shift
mkdir -p "$out"
report "cppcheck on $# files" "$(cppcheck --quiet --std=c11 --language=c -j 2 --cppcheck-build-dir="$out" \
	--enable=warning,performance,portability --inline-suppr --suppress=missingInclude \
	--suppress=missingIncludeSystem --suppress=unmatchedSuppression \
	--suppress=memleak --suppress=resourceLeak --suppress=identicalInnerCondition --suppress=uninitvar -D_GNU_SOURCE -D__x86_64__ -D__linux__ \
	'-DRTLA_STALL_VERSION=""' --template='{file}:{line}: {severity}: {message} [{id}]' "$@" 2>&1)"
finish

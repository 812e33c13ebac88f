# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For the lint scripts, which print TAP: report() and finish(); skip_unless(); tracked().

count=0
failed=0

# report WHAT FOUND: a test that passes when FOUND is empty
report() {
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		printf '%s\n' "$2" | sed 's/^/#   /'
		failed=$((failed + 1))
	fi
}

finish() {
	echo "1..$count"
	[ "$failed" = 0 ]
}

# Packagers (WERROR=0) have other versions of the tools, which find other things.
skip_unless() {
	if [ "${WERROR-}" = 0 ]; then
		echo "1..0 # SKIP $1: not with WERROR=0"
		exit 0
	elif ! command -v "$1" >/dev/null; then
		echo "1..0 # SKIP $1 is not installed"
		exit 0
	fi
}

# The files of the tree, built ones left out.
tracked() {
	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
		git ls-files --cached --others --exclude-standard | while IFS= read -r tracked_file; do
			[ ! -f "$tracked_file" ] || printf '%s\n' "$tracked_file"
		done
	else
		find . -path ./.git -prune -o -path './build*' -prune -o -type f ! -name '*.o' \
			! -path ./rtla-stall/rtla-stall -print | sed 's|^\./||'
	fi | sort
}

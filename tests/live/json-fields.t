#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# json-fields.t: the fields that the man pages describe are those that `top --json`, `hist --json` and --json-lines
# write on this machine's own kernel. Those of files: tests/cli/json-fields.t. Needs root, tracefs and python3. TAP.

what='fields of JSON'
# shellcheck source=tests/live/host.sh
. "${0%/*}/host.sh"

if ! command -v python3 >/dev/null || ! command -v taskset >/dev/null; then
	echo '1..0 # SKIP python3 or taskset is not installed'
	exit 0
fi

# Two that share a CPU: one of them always waits, for some ms.
cpu=$(awk '/^processor/ { last = $3 } END { print last }' /proc/cpuinfo)
timeout 30 taskset -c "$cpu" sh -c 'while :; do :; done' &
loads=$!
timeout 30 taskset -c "$cpu" sh -c 'while :; do :; done' &
loads="$loads $!"
cleanup() {
	kill $loads 2>/dev/null
}

timeout 60 "$RTLA_STALL" top -q -d 1 --all --stall 1ms -c "$cpu" --json >"$dir/top.json" 2>"$dir/err" ||
	wrong="exit status $?: $(cat "$dir/err")"
check 'top --json'
timeout 60 "$RTLA_STALL" hist -d 1 --all --stall 1ms -c "$cpu" --json="$dir/hist.json" --json-lines="$dir/lines" 2>"$dir/err" ||
	wrong="exit status $?: $(cat "$dir/err")"
[ -s "$dir/lines" ] || wrong="$wrong no line is written"
check 'hist --json --json-lines'

# fields DOCUMENT...: what is wrong with them
fields() {
	python3 - "$dir" "$@" <<'END'
import json
import sys

sys.path.insert(0, "tests/tools")
sys.dont_write_bytecode = True
import json_fields

directory, what = sys.argv[1:]
documentation = "rtla-stall/Documentation/common_json_%sdescription.txt"
document = json_fields.Fields(documentation % "")
lines = json_fields.Fields(documentation % "lines_")
lines.places["K"] = document.places["K"]
unknown = set()
for name in ("top.json", "hist.json"):
    with open("%s/%s" % (directory, name), encoding="utf-8") as file:
        unknown |= document.meet(json.load(file))
with open(directory + "/lines", encoding="utf-8") as file:
    for line in file:
        row = json.loads(line)
        unknown |= document.meet([row["stall"]], "stalls")
        unknown |= lines.meet(dict(row, stall=None))
live = {"facts", "hits.threshold_ns", "source.wall_offset_ns", "stalls[].began_wall_ns"} | {
    "facts." + field for field in document.places["facts"]}
# Not every kernel has a fair server whose settings can be read.
live -= {"facts.fair_server_runtime_ns", "facts.fair_server_period_ns"}
missing = document.missing() & live
# What is not known is missing, and so is timerlat where there is none.
missing |= {field for field in lines.missing() if "timerlat" not in field} - {
    "stacks_why", "stacks[].why", "stacks[].since_ns", "K.kind", "K.name", "K.id"}
print(*sorted({"unknown": unknown, "missing": missing}[what]))
END
}

wrong=$(fields unknown 2>&1)
check 'every field is described'
wrong=$(fields missing 2>&1)
check 'every field that is described, and only live runs have, is there'
finish

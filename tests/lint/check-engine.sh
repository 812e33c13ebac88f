#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-engine.sh OBJECT...: the objects that have to be pure are: they call nothing but what is listed
# here, keep no state of their own, use no floats, and export only names that begin with their file's
# name (exceptions: tests/lint/exports). Run from the top of the tree. TAP.

allowed='malloc calloc realloc reallocarray free
	memchr memcmp memcpy memmove memset strchr strcmp strdup strlen strncmp strndup strnlen strrchr strstr
	qsort bsearch abort __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_
	__divti3 __modti3 __udivti3 __umodti3'
# These two write text into memory; the engine and the statistics do not even do that.
allowed_text='snprintf vsnprintf'
text_objects='util/error util/strbuf view/format view/table view/timeline view/top_cpus view/top_culprits
	view/top_header view/top_model view/top_page view/top_stall view/top_stalls view/top_table view/top_waits
	view/top_words'
headers='assert.h errno.h limits.h stdbool.h stddef.h stdint.h stdlib.h string.h'

. tests/lint/lib.sh

defined=$(nm -g --defined-only "$@" | awk 'NF == 3 { print $3 }')

for object; do
	dir=${object%/*}
	dir=${dir##*/}
	file=${object##*/}
	name=$dir/${file%.o}
	also=
	case " $(echo $text_objects) " in
	*" $name "*) also=$allowed_text ;;
	esac
	report "$name calls only what is allowed" "$(nm -u "$object" | awk -v allowed="$allowed $also $defined" '
		BEGIN { n = split(allowed, a); for (i = 1; i <= n; i++) known[a[i]] = 1 }
		!($2 in known) { print $2 }')"
	# Tables of const pointers are in .data.rel.ro, which is read-only once relocated.
	report "$name keeps no state" "$(objdump -t "$object" | awk '
		NF >= 5 && $(NF - 2) ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $(NF - 2) !~ /^\.data\.rel\.ro/ &&
		$0 !~ / d  / { print $NF, "in", $(NF - 2) }')"
	report "$name exports its own names" "$(nm -g --defined-only "$object" | awk -v name="$name" '
		BEGIN {
			while ((getline line <"tests/lint/exports") > 0) {
				split(line, word)
				if (word[1] == name)
					listed[word[2]] = 1
			}
			prefix = name
			sub(/.*\//, "", prefix)
		}
		NF == 3 && $3 != prefix && index($3, prefix "_") != 1 && !($3 in listed) { print $3 }')"
done

pure=$(ls rtla-stall/src/engine/*.[ch] rtla-stall/src/stats/*.[ch])
report 'engine and stats include only what a pure module may' "$(
	for file in $pure; do
		sed -n 's/^#include <\(.*\)>.*/\1/p' "$file" | while read -r header; do
			case " $headers " in
			*" $header "*) ;;
			*) echo "$file includes <$header>" ;;
			esac
		done
		grep -n '^#include "' "$file" | grep -v -E '"((\.\./(util|engine)/)?[a-z_]+\.h)"' | sed "s|^|$file:|"
	done)"
report 'engine and stats use no floats' "$(grep -n -w -E 'float|double' $pure | grep -v -E '^[^:]+:[0-9]+:[	 ]*(/?\*|//)')"
# An exception that nothing needs any more.
report 'tests/lint/exports lists what there is' "$(sed 's/#.*//' tests/lint/exports | while read -r name symbol; do
	[ -z "$name" ] || printf '%s\n' "$defined" | grep -q -x "$symbol" || echo "$name $symbol"
done)"

finish

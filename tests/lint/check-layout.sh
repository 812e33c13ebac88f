#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-layout.sh FILE...: the part of the kernel's layout that is not a matter of taste. Where to break a
# long line, and how to align comments, is left to the author; .clang-format is for editors. TAP.

. tests/lint/lib.sh

for file; do
	report "$file" "$(LC_ALL=C awk '
	function bad(what) {
		print FNR ": " what ": " $0
	}
	{
		text = $0
		in_comment = comment
		gsub(/"([^"\\]|\\.)*"/, "\"\"", text)
		gsub(/\47([^\47\\]|\\.)+\47/, "0", text)
		if (comment && text ~ /\*\//) {
			sub(/^.*\*\//, "", text)
			comment = 0
		} else if (comment) {
			text = ""
		}
		gsub(/\/\*([^*]|\*[^\/])*\*\//, "", text)
		if (text ~ /\/\*/) {
			sub(/\/\*.*/, "", text)
			comment = 1
		}
	}
	/[ \t]$/ { bad("blanks at the end") }
	/^\t* {8}/ && !in_comment { bad("indented by blanks") }
	/^ +[^ *]/ && !in_comment { bad("indented by blanks") }
	/^\t* +\t/ { bad("blanks before a tab") }
	text ~ /(^|[^a-z_A-Z0-9])(if|for|while|switch|return)\(/ { bad("no blank after a keyword") }
	text ~ /(^|[^a-z_])(if|for|while|switch) .*\)\{/ { bad("no blank before a brace") }
	text ~ /\}(else|while)/ { bad("no blank after a brace") }
	text ~ /^[a-z_].*\) \{$/ { bad("a function begins on its own line with a brace") }
	text ~ /^\t+\{$/ && last ~ /(\)|else)$/ { bad("a brace belongs at the end of the line before") }
	text ~ /^\t+else/ && last ~ /^\t+\}$/ { bad("else belongs behind the brace") }
	text ~ /\/\// && FNR > 1 { bad("not a C comment") }
	text ~ /(^|[ \t(])(char|void|int|uint[0-9]+_t|int[0-9]+_t|FILE|struct [a-z_]+)\* ?[a-z]/ {
		bad("the star belongs to the name")
	}
	/^$/ && FNR > 1 && empty { bad("two empty lines") }
	{ empty = /^$/ }
	text != "" { last = text; sub(/[ \t]+$/, "", last) }
	' "$file" | head -n 10)"
done
finish

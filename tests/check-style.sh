#!/bin/sh
# The rules of style that a machine can see. A file of data alone says so in its first
# five lines ("data table") and may be longer.
set -u
cd "${srcdir:-.}" || exit 1
bad=0
report() { [ -z "$2" ] || { echo "$1:"; echo "$2" | head -20; bad=1; }; }

folders='util base_model adapters intents tools_api store assistantd tests'
files=$(find $folders -name '*.[ch]' -type f | sort)
report "trailing blanks" "$(grep -nE '[[:blank:]]+$' $files)"
report "indent with tabs" "$(grep -nE '^ {8} *[^\\ ]' $files)"
report "lines over 100 columns" "$(for f in $files; do
	expand "$f" | LC_ALL=C.UTF-8 grep -nE '^.{101,}' | sed "s|^\([0-9]*\):.*|$f:\1|"; done)"
report "no SPDX line" "$(grep -L 'SPDX-License-Identifier: MIT' $files)"
report "no final newline" "$(for f in $files; do
	[ -z "$(tail -c 1 "$f")" ] || echo "$f"; done)"
report "files over 500 lines" "$(for f in $files; do
	n=$(wc -l < "$f")
	[ "$n" -le 500 ] || head -5 "$f" | grep -q 'data table' || echo "$f: $n"; done)"
report "functions over 100 lines" "$(awk '
	FNR == 1 { open = 0 }
	/^\{/ { open = FNR }
	/^\}/ { if (open && FNR - open > 100) print FILENAME ":" open ": " FNR - open " lines"; open = 0 }
	' $files)"

libs=$(find util base_model adapters intents tools_api store -name '*.[ch]' -type f)
report "library folders do not log, exit or abort" \
	"$(grep -nE '(^|[^_[:alnum:]])(printf|fprintf|perror|exit|abort|syslog|err|errx|warnx?)[[:space:]]*\(' $libs |
	grep -vE '(snprintf|buf_printf|format\()')"
report "getenv belongs to the configuration and the CPU mask" \
	"$(grep -nE '\bgetenv *\(' $files | grep -vE '^(assistantd/[a-z]+/(config|environment)\.c|assistantd/ctl/|base_model/kernels/cpu\.c|tests/)')"
exit $bad

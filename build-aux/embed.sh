#!/bin/sh
# SPDX-License-Identifier: MIT
# embed.sh FILE.xml…: each file as a C string, named after its last part in lower case.
set -eu
echo '/* Made by build-aux/embed.sh from the files of the same names. */'
echo '#include "assistantd/daemon/xml.h"'
for file in "$@"; do
	name=$(basename "$file" .xml)
	name=$(printf '%s' "${name##*.}" | tr '[:upper:]' '[:lower:]')
	printf '\nconst char xml_%s[] =\n' "$name"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/\t"/' -e 's/$/\\n"/' "$file"
	echo '	;'
done

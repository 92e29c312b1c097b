#!/bin/sh
# Understands sentences of every language of Home Assistant's sentence files again, 200 of each,
# with 500 devices and our numbers in words. usage: languages.sh FOLDER [LANGUAGE...]; COUNT and
# DEVICES say how many. Needs PyYAML.
set -u
[ -d "${1:-}" ] || { echo "usage: $0 FOLDER [LANGUAGE...]" >&2; exit 2; }
here=$(cd "${srcdir:-.}/tests/intents" && pwd) folder=$1
shift
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
bad=0
[ $# -gt 0 ] || set -- $(cd "$folder" && ls -d */ | tr -d /)
for language; do
	python3 "$here/sample.py" "$folder/$language" "$out/$language" "${COUNT:-200}" \
		"${DEVICES:-500}" || exit 1
	numbers=${srcdir:-.}/examples/intents/numbers/$language.yaml
	[ -f "$numbers" ] || numbers=
	tests/intents/sampled "$folder/$language" "$out/$language" $numbers > "$out/log" || {
		bad=1
		grep -v '^	' "$out/log" | head -n -1
	}
	grep -E '^[^ ]*\.yaml:' "$out/log"
	echo "$language: $(tail -n 1 "$out/log")"
done
exit $bad

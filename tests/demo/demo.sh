#!/bin/sh
# SPDX-License-Identifier: MIT
#
# demo.sh BUILD SOURCE: the service at work in a world of its own, each step asserted. Nothing
# is left behind, and nobody's bus, history or lamps are touched.
set -u

build=$1
source=$2
if [ -z "${ASSISTANTD_DEMO_DIR:-}" ]; then
	ASSISTANTD_DEMO_DIR=$(mktemp -d /tmp/assistantd.XXXXXX) || exit 1
	export ASSISTANTD_DEMO_DIR
	status=0
	env HOME="$ASSISTANTD_DEMO_DIR" XDG_CONFIG_HOME="$ASSISTANTD_DEMO_DIR/config" \
		XDG_DATA_HOME="$ASSISTANTD_DEMO_DIR/data" \
		XDG_STATE_HOME="$ASSISTANTD_DEMO_DIR/state" \
		XDG_CACHE_HOME="$ASSISTANTD_DEMO_DIR/cache" \
		XDG_RUNTIME_DIR="$ASSISTANTD_DEMO_DIR" \
		ASSISTANTD_DATA_DIR="$source/examples" ASSISTANTD_LIBEXEC_DIR="$build" \
		PATH="$build:$PATH" \
		dbus-run-session -- sh "$0" "$build" "$source" 2> "$ASSISTANTD_DEMO_DIR/err" ||
		status=$?
	[ "$status" = 0 ] || cat "$ASSISTANTD_DEMO_DIR/err" >&2
	rm -rf "$ASSISTANTD_DEMO_DIR"
	exit "$status"
fi

dir=$ASSISTANTD_DEMO_DIR
failed=0
children=
trap 'kill $children 2>/dev/null; wait 2>/dev/null' EXIT

# step TITLE: what follows is shown and checked.
step() { printf '\n== %s\n' "$1"; }
verdict() {
	if [ "$1" = 0 ]; then
		echo 'OK'
	else
		echo 'FAILED'
		failed=1
	fi
}
# try TEXT COMMAND…: the command over the text; its output stays in $out.
try() {
	text=$1
	shift
	if [ -n "$text" ]; then
		printf '$ echo "%s" | %s\n' "$text" "$*"
		out=$(printf '%s\n' "$text" | timeout 60 "$@" 2>> "$dir/err") || failed=1
	else
		printf '$ %s\n' "$*"
		out=$(timeout 60 "$@" 2>> "$dir/err") || failed=1
	fi
	printf '%s\n' "$out"
}
has() { case $out in *"$1"*) true ;; *) false ;; esac; }

cat > "$dir/broker.conf" <<-END
	listener 0 $dir/mqtt.sock
	allow_anonymous true
END
[ "$(id -u)" != 0 ] || echo 'user root' >> "$dir/broker.conf"
mosquitto -c "$dir/broker.conf" > "$dir/broker.log" 2>&1 &
children="$children $!"
"$build/tests/home/lamp" "$dir/mqtt.sock" 'Living Room Lamp' > "$dir/lamp.log" &
children="$children $!"
mkdir -p "$dir/config/assistantd"
printf 'home:\n  broker: %s\n  port: 0\n' "$dir/mqtt.sock" > "$dir/config/assistantd/assistantd.yaml"
"$build/assistantd/assistantd" 2>> "$dir/err" &
children="$children $!"

step 'The service, its model and its sandbox'
for _ in $(seq 1200); do
	assistantctl status 2>/dev/null | grep -q '^state *ready' && break
	sleep 0.05
done
try '' assistantctl status
has 'ready' && has 'no_new_privs on'
verdict $?

step 'Proofread: the adapter is loaded onto the resident base'
try 'Thanks for teh report. The meeting is on Wendsday.' assistantctl proofread
has 'the report' && has 'Wednesday' && ! has 'teh' && ! has 'Wendsday'
verdict $?

step 'Rewrite: a friendlier tone, the facts stay'
try 'Send me the invoice by Friday.' assistantctl tone --style friendly
has 'invoice' && has 'Friday' && ! has 'Send me the invoice by Friday.'
verdict $?

step 'Summarize: sentences of the text, and it says that no model made them'
try 'The heating in the office is broken. The heating company comes on Monday to repair the heating. Please work from home until the heating works. There is coffee in the kitchen.' assistantctl --json summarize
has '"source": "baseline"' && has 'heating' && ! has 'coffee in the kitchen."'
verdict $?

step 'Reply: suggestions by the kind of message'
try 'Would you like to come to dinner on Friday?' assistantctl reply
has 'invitation'
verdict $?

step 'A request in plain words'
try '' assistantctl ask make this friendlier: Give me the slides today.
has 'slides' && has 'today'
verdict $?

step 'Home: a lamp is switched, and its state read back'
for _ in $(seq 1200); do
	assistantctl home 2>/dev/null | grep -q living_room_lamp && break
	sleep 0.05
done
try '' assistantctl ask turn on the living room lamp
has 'Living Room Lamp is on.'
verdict $?
try '' mosquitto_sub --unix "$dir/mqtt.sock" -t lamp/living_room_lamp -C 1 -W 5
has '"ON"'
verdict $?
try '' assistantctl ask turn on the moon
has 'I know nothing that is called moon'
verdict $?

step 'Every request left its receipt'
try '' assistantctl history
rows=$(assistantctl --json history | grep -c '"id"')
[ "$rows" -ge 7 ] && has '  tone  ' && has '"verified":true'
verdict $?

[ "$failed" = 0 ] && printf '\nall steps OK\n'
exit "$failed"

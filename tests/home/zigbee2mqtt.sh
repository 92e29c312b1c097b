#!/bin/sh
# SPDX-License-Identifier: MIT
#
# zigbee2mqtt.sh RIG WORK: starts RIG/start.sh WORK and runs the program of the same name
# against it; what was started ends with it.
set -u
rig=$1
work=$2
[ -x "$rig/start.sh" ] || [ -r "$rig/start.sh" ] || { echo "no start.sh in '$rig': RIG=DIR"; exit 1; }
mkdir -p "$work" || exit 1
# A network of its own for each run, of which one device is removed.
rm -rf "$work/data"
: > "$work/rig.log"
sh "$rig/start.sh" "$work" > "$work/rig.log" 2>&1 &
rig_pid=$!
bridge=
broker=
trap 'kill $rig_pid $bridge $broker 2>/dev/null; wait $rig_pid 2>/dev/null' EXIT INT TERM
seconds=0
until grep -qx ready "$work/rig.log"; do
	kill -0 $rig_pid 2>/dev/null && [ $seconds -lt 300 ] || { cat "$work/rig.log"; exit 1; }
	sleep 1
	seconds=$((seconds + 1))
done
child() { pgrep -P $rig_pid -f "$1" | head -n 1; }
bridge=$(child index.js)
broker=$(child mosquitto)
CK_FORK=no "$builddir/tests/home/zigbee2mqtt" 127.0.0.1 18830 "$bridge" "$broker" \
	"$work/mosquitto.conf"

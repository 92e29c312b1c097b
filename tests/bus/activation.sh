#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The installed files: the bus starts the service for the first call, whatever client it comes
# from, and the answer does not wait for the model. gdbus, dbus-send and busctl, as far as there.
set -u
srcdir=$(cd "${srcdir:-.}" && pwd)
builddir=$(cd "${builddir:-.}" && pwd)
command -v dbus-run-session >/dev/null && command -v gdbus >/dev/null || exit 77
if [ -z "${ASSISTANTD_TEST_HOME:-}" ]; then
	ASSISTANTD_TEST_HOME=$(mktemp -d /tmp/assistantd.XXXXXX) || exit 1
	export ASSISTANTD_TEST_HOME
	services=$ASSISTANTD_TEST_HOME/data/dbus-1/services
	mkdir -p "$services"
	# As installed, but for the folder; no systemd runs this session.
	sed -e "s|@bindir[@]|$builddir/assistantd|" -e '/^SystemdService=/d' \
		"$srcdir/examples/org.assistantd.Assistant1.service.in" \
		> "$services/org.assistantd.Assistant1.service"
	status=0
	env HOME="$ASSISTANTD_TEST_HOME" XDG_DATA_HOME="$ASSISTANTD_TEST_HOME/data" \
		XDG_CONFIG_HOME="$ASSISTANTD_TEST_HOME/config" \
		XDG_STATE_HOME="$ASSISTANTD_TEST_HOME/state" \
		XDG_RUNTIME_DIR="$ASSISTANTD_TEST_HOME" \
		ASSISTANTD_DATA_DIR="$srcdir/examples" ASSISTANTD_LIBEXEC_DIR="$builddir" \
		srcdir="$srcdir" builddir="$builddir" \
		dbus-run-session -- sh "$0" || status=$?
	rm -rf "$ASSISTANTD_TEST_HOME"
	exit "$status"
fi

name=org.assistantd.Assistant1
path=/org/assistantd/Assistant1
failed=0
check() {
	case $2 in
	*"$3"*) echo "ok $1" ;;
	*) echo "FAILED $1: $2"; failed=1 ;;
	esac
}
milliseconds() { date +%s%3N; }

# What the installed unit and the installed service file say of each other.
check "the service file names the unit" \
	"$(cat "$srcdir/examples/org.assistantd.Assistant1.service.in")" \
	"SystemdService=assistantd.service"
check "the unit names the bus name" "$(cat "$srcdir/examples/assistantd.service.in")" \
	"BusName=$name"
if command -v systemd-analyze >/dev/null; then
	sed "s|@bindir[@]|$builddir/assistantd|" "$srcdir/examples/assistantd.service.in" \
		> "$ASSISTANTD_TEST_HOME/assistantd.service"
	out=$(systemd-analyze verify --man=no "$ASSISTANTD_TEST_HOME/assistantd.service" 2>&1)
	check "systemd finds no fault in the unit" "<$out>" "<>"
fi

# The first call starts it.
before=$(milliseconds)
out=$(gdbus call --session -d $name -o $path -m $name.Run ask 'what time is it' '{}' 2>&1)
check "gdbus: the first call is answered" "$out" "It is "
echo "   after $(($(milliseconds) - before)) ms"

until gdbus call --session -d $name -o $path -m org.freedesktop.DBus.Properties.Get \
	$name State | grep -q 'uint32 3'; do
	[ $(($(milliseconds) - before)) -lt 300000 ] || { echo "FAILED no model"; exit 1; }
	sleep 0.1
done

out=$(gdbus introspect --session -d $name -o $path 2>&1)
for interface in Assistant1 Adapters1 Agents1 Context1 Home1 Models1; do
	check "gdbus: introspection has $interface" "$out" "interface org.assistantd.$interface"
done
out=$(gdbus call --session -d $name -o $path -m $name.Run proofread 'Thanks for teh report.' \
	"{'offset_unit': <'utf-16'>}" 2>&1)
check "gdbus: Run" "$out" "Thanks for the report."
out=$(gdbus call --session -d $name -o $path -m $name.Run proofread 'x' "{'colour': <'red'>}" 2>&1)
check "gdbus: an unknown option" "$out" "InvalidArgs: colour: "
out=$(gdbus call --session -d $name -o $path -m $name.ListTasks '{}' 2>&1)
for task in proofread tone summarize reply ask; do
	check "gdbus: ListTasks has $task" "$out" "'$task': {"
done

if command -v dbus-send >/dev/null; then
	out=$(dbus-send --session --print-reply --dest=$name $path $name.CountTokens \
		string:proofread string:'Hello you.' dict:string:string: 2>&1)
	check "dbus-send: a dictionary of another type" "$out" "InvalidArgs"
	out=$(dbus-send --session --print-reply --dest=$name $path $name.Run string:none 2>&1)
	check "dbus-send: arguments that are missing" "$out" "InvalidArgs"
	out=$(dbus-send --session --print-reply --dest=$name $path \
		org.freedesktop.DBus.Properties.GetAll string:$name 2>&1)
	check "dbus-send: properties" "$out" 'string "QueueLength"'
fi

if command -v busctl >/dev/null; then
	bus="busctl --user --address=$DBUS_SESSION_BUS_ADDRESS"
	out=$($bus call $name $path $name Run 'ssa{sv}' proofread 'Thanks for teh report.' 0 2>&1)
	check "busctl: Run" "$out" "Thanks for the report."
	out=$($bus call $name $path $name Run 'ssa{sv}' tone 'Hello.' 1 style s pirate 2>&1)
	check "busctl: a style that is not there" "$out" "ListTasks tells the styles"
	out=$($bus introspect $name $path 2>&1)
	check "busctl: introspection" "$out" "TasksChanged"
	# It leaves the bus at once, and its request with it.
	out=$($bus call $name $path $name Start 'ssa{sv}' tone 'Send me the slides.' 1 style s \
		friendly 2>&1)
	check "busctl: Start" "$out" "$path/request/"
	out=$("$builddir/assistantctl" status 2>&1)
	check "nothing waits for one who left" "$out" "queue    0"
fi

out=$("$builddir/assistantctl" doctor 2>&1)
check "doctor" "$out" "service   OK"
# What the bus has started is ours to end.
pid=$(gdbus call --session -d org.freedesktop.DBus -o /org/freedesktop/DBus \
	-m org.freedesktop.DBus.GetConnectionUnixProcessID $name | sed 's/[^0-9]*32 \([0-9]*\).*/\1/')
kill "$pid"
for _ in $(seq 3000); do
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.1
done
! kill -0 "$pid" 2>/dev/null || { echo "FAILED it does not end at SIGTERM"; failed=1; }
# With a wrong configuration it does not start; who asks why is told where.
mkdir -p "$ASSISTANTD_TEST_HOME/config/assistantd"
printf 'requests:\n  running: many\n' > "$ASSISTANTD_TEST_HOME/config/assistantd/assistantd.yaml"
out=$(PATH=$builddir/assistantd:$PATH "$builddir/assistantctl" doctor 2>&1)
status=$?
check "doctor names the place in the configuration" "$status $out" \
	"PROBLEM $ASSISTANTD_TEST_HOME/config/assistantd/assistantd.yaml:2:12: "
check "doctor: no service" "$out" "service   PROBLEM no answer"
check "doctor: its status" "$status" 3
rm "$ASSISTANTD_TEST_HOME/config/assistantd/assistantd.yaml"
out=$("$builddir/assistantctl" ask what time is it 2>&1)
check "assistantctl: started once more" "$out" "It is "
out=$(PATH=$builddir/assistantd:$PATH "$builddir/assistantctl" doctor 2>&1)
check "doctor: a configuration that is right" "$out" "config    OK"
exit $failed

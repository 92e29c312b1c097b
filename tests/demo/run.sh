#!/bin/sh
# SPDX-License-Identifier: MIT
command -v dbus-run-session >/dev/null && command -v mosquitto >/dev/null &&
	command -v mosquitto_sub >/dev/null || exit 77
exec sh "$srcdir/tests/demo/demo.sh" "$builddir" "$(cd "$srcdir" && pwd)"

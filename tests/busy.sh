#!/bin/sh
# SPDX-License-Identifier: MIT
#
# busy.sh COMMAND…: runs it beside four busy loops for each processor; ends as it does.
loops=
for _ in $(seq $((4 * $(nproc)))); do
	while :; do :; done &
	loops="$loops $!"
done
# shellcheck disable=SC2086 # a list of numbers
trap 'kill $loops' EXIT
trap 'exit 130' INT TERM
"$@"

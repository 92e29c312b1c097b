#!/bin/sh
# Who may include whom (HACKING.md, "Layers"), and instruction sets only in the kernels.
set -u
cd "${srcdir:-.}" || exit 1
bad=0

# allow FOLDER OTHER…: files under FOLDER include only FOLDER and the others.
allow() {
	folder=$1
	files=$(find "$folder" -name '*.[ch]' -type f)
	[ -n "$files" ] || return 0
	pattern=$(printf '%s|' "$@")
	found=$(grep -nE '^[[:space:]]*#[[:space:]]*include "[^"]+/' $files /dev/null |
		grep -vE "include \"(${pattern%|})/?" || true)
	[ -z "$found" ] || { echo "$folder may not include:"; echo "$found"; bad=1; }
}

allow util util/
allow base_model base_model/ util/
allow adapters adapters/ base_model/base_model.h util/
allow intents intents/ util/
allow tools_api tools_api/ util/
allow store store/ util/
allow assistantd/ipc assistantd/ipc/ util/
allow assistantd/engine assistantd/engine/ assistantd/ipc/ipc.h adapters/adapters.h \
	adapters/train/ base_model/base_model.h util/
allow assistantd/daemon assistantd/daemon/ assistantd/ipc/ipc.h adapters/catalog.h \
	intents/intents.h tools_api/tools_api.h store/store.h util/
allow assistantd/tools assistantd/tools/ assistantd/ipc/ipc.h tools_api/tools_api.h util/
allow assistantd/ctl assistantd/ctl/ util/

# The catalogue of adapters is for the front end too, so it stands on util alone.
found=$(grep -nE 'include "(base_model|adapters)/' adapters/catalog*.[ch] adapters/manifest*.[ch] |
	grep -vE '"adapters/(catalog|manifest)' || true)
[ -z "$found" ] || { echo "adapters/catalog may include util only:"; echo "$found"; bad=1; }

found=$(grep -rnE '__AVX|__ARM_|immintrin\.h|arm_neon\.h' --include='*.[ch]' . |
	grep -vE '^\./(base_model/kernels|tests)/|/build' || true)
[ -z "$found" ] || { echo "instruction sets outside base_model/kernels:"; echo "$found"; bad=1; }
exit $bad

#!/bin/sh
# Each folder's archive, linked whole against exactly the archives it may call: an upward
# call does not resolve. (An ordinary link would let it through, once another object had
# pulled in the missing one.)
set -u
cd "${builddir:-.}" || exit 1
out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out.c"' EXIT
echo 'int main(void) { return 0; }' > "$out.c"
bad=0
base="base_model/libbase_model.a $(ls base_model/kernels/lib*.a 2>/dev/null | tr '\n' ' ')"
external='-ljansson -lutf8proc -lpcre2-32 -lyaml -lcrypto -lsodium -lsqlite3 -ldbus-1 -lseccomp -lmosquitto -lhunspell-1.7 -lpthread -lm'

whole() {
	archive=$1
	shift
	[ -f "$archive" ] || return 0
	# The kernels and base_model are one folder in several archives: they call each other.
	if ! ${CC:-cc} ${LINK_FLAGS:-} -o "$out" "$out.c" -Wl,--whole-archive $archive -Wl,--no-whole-archive \
		-Wl,--start-group "$@" -Wl,--end-group $external 2> "$out.c.err"; then
		echo "$archive calls what it may not:"
		grep -E 'undefined reference|multiple definition' "$out.c.err" | head -5 || head -5 "$out.c.err"
		bad=1
	fi
	rm -f "$out.c.err"
}

whole util/libutil.a
whole util/libsandbox.a util/libutil.a
whole base_model/libbase_model.a $base util/libutil.a
whole adapters/libadapters.a adapters/libcatalog.a $base util/libutil.a
whole adapters/train/libtrain.a $base util/libutil.a
whole adapters/libcatalog.a util/libutil.a
whole intents/libintents.a util/libutil.a
whole tools_api/libtools_api.a util/libutil.a
whole store/libstore.a util/libutil.a
whole assistantd/ipc/libipc.a util/libutil.a
whole assistantd/engine/libengine.a adapters/train/libtrain.a adapters/libadapters.a \
	adapters/libcatalog.a $base assistantd/ipc/libipc.a util/libutil.a
whole assistantd/daemon/libdaemon.a intents/libintents.a tools_api/libtools_api.a store/libstore.a \
	assistantd/ipc/libipc.a adapters/libcatalog.a util/libutil.a
whole assistantd/tools/libtools.a tools_api/libtools_api.a assistantd/ipc/libipc.a util/libutil.a
whole assistantd/ctl/libctl.a util/libutil.a
exit $bad

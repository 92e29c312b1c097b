#!/bin/sh
# The model's tests on 64-bit Arm: cross-compiled, and run by an emulator that has the dot
# product (so with the NEON kernels) and, by the mask, without them.
#
#   aarch64.sh SOURCE LIBRARIES TEST...
#
# needs aarch64-linux-gnu-gcc with its C library, qemu-aarch64 and, in LIBRARIES, Debian's
# arm64 packages of the libraries that configure asks for, unpacked there and not installed:
#   dpkg --add-architecture arm64 && apt-get update
#   apt-get download libjansson4:arm64 libjansson-dev:arm64 ... && dpkg -x EACH LIBRARIES
# (without libc6 and libc6-dev: the compiler brings its own).
set -eu
source=$(cd "$1" && pwd)
libraries=$(cd "$2" && pwd)
shift 2
lib=$libraries/usr/lib/aarch64-linux-gnu
paths=$lib:$libraries/lib/aarch64-linux-gnu

mkdir -p build-aarch64/emulated
cd build-aarch64
PKG_CONFIG_LIBDIR=$lib/pkgconfig:$libraries/usr/share/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$libraries
export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
[ -f Makefile ] || "$source/configure" -q --host=aarch64-linux-gnu \
	CPPFLAGS="-I$libraries/usr/include -I$libraries/usr/include/aarch64-linux-gnu" \
	LDFLAGS="-L$lib -Wl,-rpath-link,$paths"
make -j"$(nproc)" all
make -j"$(nproc)" "$@"

emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=$paths"
# A program that scripts start as if it were one of this machine.
printf '#!/bin/sh\nexec %s %s "$@"\n' "$emulator" "$PWD/assistant-engine" \
	> emulated/assistant-engine
chmod +x emulated/assistant-engine
for mask in 0 1; do
	for test; do
		ASSISTANTD_CPU_MASK=$mask $emulator "$test"
	done
done
for script in quant arch stories; do
	srcdir=$source builddir=$PWD/emulated python3 "$source/tests/parity/$script.py"
done

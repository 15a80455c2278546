#!/bin/bash
# A patchmill job: builds User Mode Linux from the patched source into the warm folder.
#
# The working directory is the source, which may not be written to. What an earlier run left in the
# warm folder is used again: make compiles what changed since.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
source=$PWD
out=${WARM_DIR:?this job needs a warm folder}/um
started=$SECONDS

describe() { if [[ -n ${DESC_FD:-} ]]; then printf '%s\n' "$1" >&"$DESC_FD"; fi; }

export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026' KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=demo KBUILD_BUILD_HOST=example.org
# Without PAHOLE_FLAGS every make below asks for them anew; nothing here has BTF.
make=(make -s ARCH=um PAHOLE_FLAGS= "-j$(nproc)")
# As in later kernels: without it every object that is up to date costs a shell that does nothing.
# shellcheck disable=SC2016
make+=('cmd=@$(if $(cmd_$(1)),set -e; $(echo-cmd) $($(quiet)redirect) $(delete-on-interrupt) $(cmd_$(1)),:)')
# Two thirds of a compile are headers and their macros: the compiler neither collects garbage
# meanwhile nor notes where every token comes from.
make+=("KCFLAGS=--param=ggc-min-heapsize=524288 -ftrack-macro-expansion=0")
# kbuild asks the compiler some twenty times what it can do before it builds anything. ccache knows.
if command -v ccache > /dev/null; then
    make+=(CC="ccache gcc")
    export CCACHE_DIR=$WARM_DIR/ccache CCACHE_DEPEND=1 CCACHE_MAXSIZE=500M CCACHE_NOSTATS=1
    # The first build has nothing to find there, and keeping it all costs a fifth of its time.
    if [[ ! -e $out/.um.config ]]; then export CCACHE_DISABLE=1; fi
fi

mkdir -p "$out"
# A build that was killed may leave half an object that looks up to date. kbuild writes the object's
# command beside it when it is whole.
if [[ -e $out/.building ]]; then
    echo "the last build here was cut short: what it left unfinished is built again"
    find "$out" -type f -name '*.[oa]' -newer "$out/.building" | while IFS= read -r object; do
        command=${object%/*}/.${object##*/}.cmd
        if [[ ! -e $command || $object -nt $command ]]; then rm -f "$object"; fi
    done
fi
: > "$out/.building"
trap 'rm -f "$out/.building"' EXIT

if ! cmp -s "$here/um.config" "$out/.um.config"; then
    "${make[@]}" -C "$source" O="$out" KCONFIG_ALLCONFIG="$here/um.config" allnoconfig </dev/null
    cp "$here/um.config" "$out/.um.config"
fi

rm -f "$out/linux"
status=0
"${make[@]}" -C "$source" O="$out" linux </dev/null > "$RESULTS_DIR/build.log" 2>&1 || status=$?
# The linker's two remarks about UML itself are the same for every patch.
grep -vE '^/usr/bin/ld: (NOTE: This behaviour is deprecated|warning: .*(missing \.note\.GNU-stack|LOAD segment with RWX))|^ +(GEN|LINK) ' \
    "$RESULTS_DIR/build.log" | sed "s|$source/||g" || true
if ((status != 0)); then
    error=$(grep -m1 -E ': (fatal )?error: |undefined reference|\*\*\*' "$RESULTS_DIR/build.log" || true)
    error=${error#"$source/"}
    describe "the kernel does not build: ${error:-make ended with $status}"
    exit 1
fi
describe "built in $((SECONDS - started)) s"

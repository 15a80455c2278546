#!/bin/bash
# A patchmill job: boots what build-um.sh built, with a BusyBox initramfs whose init prints KTAP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
linux=${WARM_DIR:?this job needs a warm folder}/um/linux
deadline=${BOOT_SECONDS:-20}

finish() {
    if [[ -n ${DESC_FD:-} ]]; then printf '%s\n' "$2" >&"$DESC_FD"; fi
    exit "$1"
}

[[ -x $linux ]] || finish 111 "there is no kernel in the warm folder"
busybox=$(command -v busybox) || finish 111 "busybox is missing: install busybox-static"

work=$(mktemp -d "$RESULTS_DIR/boot.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root"/{bin,etc,proc,sys,dev,tmp}
cp "$busybox" "$work/root/bin/busybox"
cp "$here/boot/init" "$work/root/init"
chmod 755 "$work/root/init"
(cd "$work/root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet) > "$work/initrd"

# UML keeps its memory in a file here, mapped executable.
if [[ -z ${TMPDIR:-} || ! -w $TMPDIR ]]; then export TMPDIR=$work; fi
status=0
timeout -k 1 "$deadline" "$linux" mem=128M initrd="$work/initrd" rdinit=/init hostname=millstone \
    con=null con0=null,fd:1 panic=-1 </dev/null > "$RESULTS_DIR/console.log" 2>&1 || status=$?
tr -d '\r' < "$RESULTS_DIR/console.log" > "$work/console"
cat "$work/console"

# What a patch cannot be blamed for.
if grep -qE '^Checking (PROT_EXEC|that ptrace|syscall emulation).*(fail|denied|not permitted|No such)|^Failed to (open|create)|out of memory' "$work/console" &&
    ! grep -q '^Linux version ' "$work/console"; then
    finish 111 "User Mode Linux cannot start in this sandbox"
fi
tests=$(sed -nE 's/^1\.\.([0-9]+)$/\1/p' "$work/console" | head -n1)
passed=$(grep -cE '^ok [0-9]+ ' "$work/console" || true)
failed=$(sed -nE 's/^not ok [0-9]+ ([^ #]+).*/\1/p' "$work/console" | paste -sd ' ')
if panic=$(grep -m1 -oE 'Kernel panic - not syncing.*' "$work/console"); then
    finish 1 "$panic"
elif ((status == 124 || status == 137)); then
    finish 1 "the kernel did not finish its boot tests within $deadline s"
elif [[ -z $tests ]]; then
    finish 1 "the kernel never reached its init (exit status $status)"
elif [[ -n $failed ]]; then
    finish 1 "boot tests failed: $failed"
elif ((passed < tests)); then
    finish 1 "only $passed of $tests boot tests reported (exit status $status)"
fi
finish 0 "$passed boot tests passed"

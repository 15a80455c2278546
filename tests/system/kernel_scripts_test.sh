#!/usr/bin/env bash
# The checks that drive a tree's own scripts (checkpatch.pl, get_maintainer.pl), with those of the
# demo's kernel. Wants the built tests in PATCHMILL_TESTS (build/release/tests).
set -euo pipefail
cd "$(dirname "$0")/../.."
tests=${PATCHMILL_TESTS:-build/release/tests}
script/lib/demo-tree.sh packages || exit 77
tree=$(script/lib/demo-tree.sh tree) || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian's own commit: those on top of it bring a MAINTAINERS of the demo's.
first=$(GIT_DIR=$tree git rev-list --max-parents=0 HEAD)
GIT_DIR=$tree git archive "$first" scripts/checkpatch.pl scripts/get_maintainer.pl scripts/spelling.txt \
  scripts/const_structs.checkpatch MAINTAINERS .mailmap .get_maintainer.ignore | tar -x -C "$work"
PATCHMILL_TEST_KERNEL=$work "$tests/checks_tests" --dt-test-case='*the real script*' | tee "$work/out"
# A filter that finds nothing passes as well.
grep -q 'test cases: *[2-9]' "$work/out" && ! grep -q skipped: "$work/out"

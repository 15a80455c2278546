#!/usr/bin/env bash
# The demo, as people start it: every verdict must be what it must be.
# Wants PATCHMILL_BIN. What it downloads and builds stays in the user's cache. 77: cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${PATCHMILL_BIN:?name the patchmill program in PATCHMILL_BIN}"
export PATCHMILL_BIN
if [[ ! -e /usr/src/linux-source-6.1.tar.xz && $(id -u) != 0 ]]; then
  echo "skipped: the package linux-source-6.1 is not installed, and only root can install it"
  exit 77
fi
config=${PATCHMILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/patchmill}/demo/config/patchmill.yaml
series() { PATCHMILL_CONFIG=$config "$PATCHMILL_BIN" show series --json; }
started=$SECONDS
script/demo --once
# The verdicts stand: nothing is tested again.
before=$(series)
script/demo --once --keep
after=$(series)
if [[ $before != "$after" ]]; then
  echo "FAIL: importing and running again changed something"
  exit 1
fi
echo "two runs of the demo took $((SECONDS - started)) s"

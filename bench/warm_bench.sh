#!/usr/bin/env bash
# From the mail of a one-file patch to the verdict of the booted kernel, on the warm tree of the demo.
# Wants PATCHMILL_BIN. The bound asked of us is 6 s. Last line: warm ratio R (ours X s, peer 6 s)
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
: "${PATCHMILL_BIN:?name the patchmill program in PATCHMILL_BIN}"
export PATCHMILL_BIN
rounds=${ROUNDS:-5}
begun=$(date +%s)
cache=${PATCHMILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/patchmill}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The demo makes the tree and the warm build.
script/demo --once > "$work/demo.log" 2>&1 || { cat "$work/demo.log"; exit 1; }
tree=$(script/lib/demo-tree.sh tree)
cp -r "$cache/demo/config" "$work/config"
printf '\nstore:\n  url: %s\n' "$work/store.sqlite" >> "$work/config/patchmill.yaml"
export PATCHMILL_CONFIG=$work/config/patchmill.yaml
patchmill() { "$PATCHMILL_BIN" "$@" < /dev/null; }

# mail NUMBER: a patch that makes one object stale, another one each time.
mail() {
  local base
  base=$(git -C "$tree" rev-parse master)
  cat << MAIL
From mboxrd@z Thu Jan  1 00:00:00 1970
From: Noor Weir <noor@example.org>
To: linux-demo@example.org
Cc: Ada Grist <ada@example.org>
Subject: [PATCH] fs/proc/version: print the line in one go, take $1
Date: $(date -R)
Message-ID: <warm.$1.$$@example.org>
List-Id: <linux-demo.example.org>

The line is short enough. This is take $1.

Signed-off-by: Noor Weir <noor@example.org>
---
MAIL
  git -C "$tree" show master:fs/proc/version.c > "$work/old.c"
  # Its text is new in every run, so that no compiler cache has it.
  sed "s|^static int version_proc_show|/* The banner, take $1 of run $begun. */\n&|" "$work/old.c" > "$work/new.c"
  diff -u --label a/fs/proc/version.c --label b/fs/proc/version.c "$work/old.c" "$work/new.c" || true
  printf '\nbase-commit: %s\n-- \n2.39.5\n\n' "$base"
}

times=()
for ((round = 0; round <= rounds; ++round)); do
  mail "$round" > "$work/patch.mbox"
  begin=$(date +%s%N)
  patchmill import "$work/patch.mbox" > "$work/out" 2>&1 || { cat "$work/out"; exit 1; }
  patchmill run > "$work/out" 2>&1 || { cat "$work/out"; exit 1; }
  end=$(date +%s%N)
  seconds=$(awk -v ns=$((end - begin)) 'BEGIN {printf "%.2f", ns / 1e9}')
  if ((round == 0)); then
    echo "first, with the tree still to index: $seconds s"
  else
    echo "take $round: $seconds s"
    times+=("$seconds")
  fi
done
patchmill show series --json > "$work/series.json"
perl -MJSON::PP -0777 -ne '
  for (@{decode_json($_)}) { die "$_->{name}: $_->{verdict}: $_->{reason}\n" if $_->{verdict} ne "pass" }
' "$work/series.json"
median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n "$(((rounds + 1) / 2))p")
awk -v ours="$median" 'BEGIN {printf "warm ratio %.2f (ours %.2f s, peer 6 s)\n", 6 / ours, ours}'

#!/usr/bin/env bash
# The system's clock is set far ahead and far back while the service runs and mails come: everything
# is tested all the same. Wants PATCHMILL_BIN. 77: what it needs is not here.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${PATCHMILL_BIN:?name the patchmill program in PATCHMILL_BIN}
for tool in bwrap faketime git; do
  command -v "$tool" > /dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done

work=$(mktemp -d)
chmod 755 "$work"
service=
cleanup() {
  [[ -z $service ]] || kill -9 "$service" 2> /dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
export HOME=$work/home GIT_CONFIG_NOSYSTEM=1
unset PATCHMILL_DATA
mkdir -p "$HOME"
git config --global user.name 'Ada Author'
git config --global user.email ada@example.org
git config --global init.defaultBranch main
bad=0
fail() { echo "FAIL: $*"; bad=1; }
case_of() { printf -- '-- %s\n' "$1"; }
until_true() { # until_true SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}
deliver() { # deliver N
  cp "$work/mail$1" "$work/box/tmp/$1"
  mv "$work/box/tmp/$1" "$work/box/new/$1"
}
passed() { [[ $("$bin" show series --json 2> /dev/null | grep -o '"verdict":"pass"' | wc -l) == "$1" ]]; }
waiting() { ((($("$bin" status --json | grep -o '"waiting":[0-9]*' | head -n 1 | cut -d: -f2) + 0) >= $1)); }
set_clock() { # set_clock OFFSET
  echo "$1" > "$work/offset.new"
  mv "$work/offset.new" "$work/offset"
}

mkdir -p "$work"/box/{tmp,new,cur} "$work/tree"
cd "$work/tree"
git init -q
seq 1 60 > numbers
git add . && git commit -qm 'numbers: up to sixty' -m 'Signed-off-by: Ada Author <ada@example.org>'
for i in $(seq 1 9); do
  git checkout -q main -B "work$i"
  sed -i "$((i * 3))s/.*/line $i/" numbers
  git commit -qam "numbers: say line $i" -m 'Because it reads better.' \
    -m 'Signed-off-by: Ada Author <ada@example.org>'
  { echo "Message-ID: <m$i@example.org>"; git format-patch -q -1 --stdout | sed '1d'; } > "$work/mail$i"
done
git checkout -q main
cd "$work"
cat > "$work/patchmill.yaml" <<Y
data: data
max-age: 30d
workers: 1
http: {listen: ["127.0.0.1:0"]}
trees:
  - {name: numbers, url: tree, branch: main}
sources:
  - {name: box, url: box}
jobs:
  - {name: count, kind: test, command: [sh, -c, "sleep 1; test \$(wc -l < numbers) = 60"]}
Y
export PATCHMILL_CONFIG=$work/patchmill.yaml
set_clock +0
library=$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')
env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$work/offset" FAKETIME_NO_CACHE=1 \
  FAKETIME_DONT_FAKE_MONOTONIC=1 "$bin" serve > "$work/out" 2> "$work/log" < /dev/null &
service=$!
here() { grep -q 'is at work' "$work/out"; }
until_true 30 here || { cat "$work/log"; fail 'the service did not start'; exit 1; }
deliver 1
until_true 30 passed 1 || fail "no first verdict: $("$bin" show series)"

case_of 'more than a year ahead: what comes is not too old'
set_clock +400d
deliver 2
until_true 30 passed 2 || fail "$("$bin" show series)"

case_of 'back again while jobs run and wait'
deliver 3
deliver 4
deliver 5
until_true 30 waiting 2 || fail 'nothing waits'
set_clock +0
deliver 6
until_true 60 passed 6 || fail "$("$bin" show series; "$bin" status)"

case_of 'back before everything'
set_clock -400d
deliver 7
deliver 8
until_true 30 passed 8 || fail "$("$bin" show series)"

case_of 'and right'
set_clock +0
deliver 9
until_true 30 passed 9 || fail "$("$bin" show series)"
cpu=$(awk '{ print $14 + $15 }' "/proc/$service/stat")
sleep 2
((($(awk '{ print $14 + $15 }' "/proc/$service/stat") - cpu) < 100)) || fail 'it spins'
kill -TERM "$service"
wait "$service" || fail "the service ended with $?"
service=

((bad == 0)) && echo 'clock: all cases passed'
exit "$bad"

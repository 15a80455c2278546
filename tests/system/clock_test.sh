#!/usr/bin/env bash
# The system's clock is set far ahead and far back while the service runs and mails come, or is far
# ahead when it starts: everything is tested all the same. Wants PATCHMILL_BIN. 77: what it needs is not here.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/system/lib.sh
need bwrap faketime git
begin
unset GIT_AUTHOR_DATE GIT_COMMITTER_DATE # the mails are of today

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
for i in $(seq 1 11); do
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
set_clock +0
library=$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')
start_with_clock() {
  start "$work" LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$work/offset" FAKETIME_NO_CACHE=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1
}
start_with_clock
deliver "$work/mail1" "$work/box"
until_true 30 count_passed 1 || fail "no first verdict: $("$bin" show series)"

case_of 'more than a year ahead: what comes is not too old'
set_clock +400d
deliver "$work/mail2" "$work/box"
until_true 30 count_passed 2 || fail "$("$bin" show series)"

case_of 'back again while jobs run and wait'
deliver "$work/mail3" "$work/box"
deliver "$work/mail4" "$work/box"
deliver "$work/mail5" "$work/box"
until_true 30 waiting 2 || fail 'nothing waits'
set_clock +0
deliver "$work/mail6" "$work/box"
until_true 60 count_passed 6 || fail "$("$bin" show series; "$bin" status)"

case_of 'back before everything'
set_clock -400d
deliver "$work/mail7" "$work/box"
deliver "$work/mail8" "$work/box"
until_true 30 count_passed 8 || fail "$("$bin" show series)"

case_of 'and right'
set_clock +0
deliver "$work/mail9" "$work/box"
until_true 30 count_passed 9 || fail "$("$bin" show series)"
cpu=$(awk '{ print $14 + $15 }' "/proc/$background/stat")
sleep 2
((($(awk '{ print $14 + $15 }' "/proc/$background/stat") - cpu) < 100)) || fail 'it spins'
kill -TERM "$background"
wait "$background" || fail "the service ended with $?"
background=

case_of 'started three years ahead: what was left out is tested once the clock is right'
left_out() { [[ $("$bin" show series --json | grep -o "older than 'max-age'" | wc -l) == "$1" ]]; }
set_clock +1100d
start_with_clock
deliver "$work/mail10" "$work/box"
until_true 30 left_out 1 || fail "$("$bin" show series)"
set_clock +0
deliver "$work/mail11" "$work/box"
until_true 60 count_passed 11 || fail "$("$bin" show series)"
stop

conclude

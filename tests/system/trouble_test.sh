#!/usr/bin/env bash
# What happens to the service when something under it goes away: the store, the disk. It says so,
# keeps what it has, and goes on by itself. Wants PATCHMILL_BIN. 77: what it needs is not here.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/system/lib.sh
need bwrap curl git perl psql
if [[ -z ${PATCHMILL_TEST_PG:-} ]]; then
  exec script/with-postgresql "$0"
fi

begin
mounted=
trap '[[ -z $mounted ]] || umount -l "$mounted" 2> /dev/null || true; end' EXIT

prepare() { # prepare FOLDER: a tree, a maildir, three mails
  mkdir -p "$1"/box/{tmp,new,cur} "$1/tree"
  git -C "$1/tree" init -q
  seq 1 40 > "$1/tree/numbers"
  git -C "$1/tree" add .
  git -C "$1/tree" commit -qm 'numbers: up to forty' -m 'Signed-off-by: Ada Author <ada@example.org>'
  for i in 1 2 3; do
    git -C "$1/tree" checkout -q main -B "work$i"
    sed -i "$((i * 3))s/.*/line $i/" "$1/tree/numbers"
    git -C "$1/tree" commit -qam "numbers: say line $i" -m 'Because it reads better.' \
      -m 'Signed-off-by: Ada Author <ada@example.org>'
    { echo "Message-ID: <m$i@example.org>"
      git -C "$1/tree" format-patch -q -1 --stdout | sed '1d'; } > "$1/mail$i"
  done
  git -C "$1/tree" checkout -q main
  cat > "$1/patchmill.yaml" <<Y
data: $2
max-age: none
workers: 1
http: {listen: ["127.0.0.1:0"]}
trees:
  - {name: numbers, url: tree, branch: main}
sources:
  - {name: box, url: box}
jobs:
  - {name: count, kind: test, command: [sh, -c, "test \$(wc -l < numbers) = 40"]}
Y
}
said() { grep -q "$1" "$2"; }

case_of 'the store is gone for a while'
prepare "$work/pg" data
name=patchmill_trouble_$$
psql -qX "$PATCHMILL_TEST_PG" -c "CREATE DATABASE $name" > /dev/null
server=${PATCHMILL_TEST_PG%%\?*}
query=${PATCHMILL_TEST_PG#"$server"}
url_of_store=$(perl -e 'my ($url, $name) = @ARGV; $url =~ s{^(postgres(?:ql)?://[^/]*)(/.*)?$}{$1/$name}; print $url' "$server" "$name")$query
printf 'store: {url: "%s"}\n' "$url_of_store" >> "$work/pg/patchmill.yaml"
start "$work/pg"
deliver "$work/pg/mail1" "$work/pg/box"
until_true 30 count_passed 1 || fail "no first verdict: $("$bin" show series)"
psql -qX "$PATCHMILL_TEST_PG" -c "ALTER DATABASE $name ALLOW_CONNECTIONS false" \
  -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$name'" > /dev/null
deliver "$work/pg/mail2" "$work/pg/box"
until_true 30 said 'error' "$work/pg/log" || fail 'nothing is said about the store'
sleep 3
kill -0 "$background" || fail 'the service died with its store'
code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 20 "$url/" || true)
[[ $code == 5* ]] || fail "a page without a store: $code"
deliver "$work/pg/mail3" "$work/pg/box"
psql -qX "$PATCHMILL_TEST_PG" -c "ALTER DATABASE $name ALLOW_CONNECTIONS true" > /dev/null
until_true 90 count_passed 3 || fail "not recovered: $("$bin" show series; tail -n 20 "$work/pg/log")"
code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 20 "$url/" || true)
[[ $code == 200 ]] || fail "a page after the store is back: $code"
stop
psql -qX "$PATCHMILL_TEST_PG" -c "DROP DATABASE $name WITH (FORCE)" > /dev/null

case_of 'the disk is full for a while'
mkdir -p "$work/small"
if [[ $(id -u) == 0 ]] && mount -t tmpfs -o size=640m,mode=700 tmpfs "$work/small" 2> /dev/null; then
  mounted=$work/small
  prepare "$work/disk" "$work/small"
  start "$work/disk"
  deliver "$work/disk/mail1" "$work/disk/box"
  until_true 30 count_passed 1 || fail "no first verdict: $("$bin" show series; tail -n 20 "$work/disk/log")"
  dd if=/dev/zero of="$work/small/ballast" bs=1M 2> /dev/null || true
  dd if=/dev/zero of="$work/small/ballast2" bs=1 count=4096 2> /dev/null || true
  deliver "$work/disk/mail2" "$work/disk/box"
  until_true 30 said 'error\|warning' "$work/disk/log" || fail 'nothing is said about the disk'
  sleep 3
  kill -0 "$background" || fail 'the service died with a full disk'
  # What fits into files that are there already still goes.
  if ! "$bin" token create --name full --scope read > "$work/token" 2>&1; then
    grep -q 'cannot use .*; make room on its disk' "$work/token" || fail "a full disk: $(cat "$work/token")"
    ! grep -q 'INSERT\|BEGIN' "$work/token" || fail "SQL for people: $(cat "$work/token")"
  fi
  deliver "$work/disk/mail3" "$work/disk/box"
  rm -f "$work/small/ballast" "$work/small/ballast2"
  until_true 120 count_passed 3 || fail "not recovered: $("$bin" show series; tail -n 20 "$work/disk/log")"
  stop
  umount "$work/small" && mounted=
else
  echo '   skipped: a small disk cannot be mounted here'
fi

conclude

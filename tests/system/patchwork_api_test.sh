#!/usr/bin/env bash
# Patchwork's API of the service against those who are strict, hostile or greedy: answers validate
# against Patchwork's descriptions, bad input is refused cheaply, nobody writes without a right, and
# kernel-patches-daemon finds what it needs. Wants PATCHMILL_BIN. PATCHMILL_FUZZ_SECONDS fuzzes for
# longer than one round; within script/with-postgresql the store is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/system/lib.sh
need python3
begin
mill=$work/mill
mkdir -p "$mill" "$work/tokens"
# Each test comes from addresses of its own, so that who guesses tokens there slows nobody else.
cat >"$mill/patchmill.yaml" <<'Y'
data: data
http: {listen: ["127.0.0.1:0"], trusted-proxies: ["127.0.0.1"]}
patchwork:
  users:
    - {username: maint, first-name: Mo, last-name: Maint, email: maint@example.org}
    - {username: other, email: other@example.org}
    - {username: both, email: both@example.org}
    - {username: submitter, email: tess@example.org}
    - {username: commenter, email: ada@example.org}
    - {username: delegate, email: delegate@example.org}
    - {username: stranger, email: stranger@example.org}
  projects:
    - link-name: demo
      name: Demo of a kernel list
      list-id: linux-demo.example.org
      list-email: linux-demo@example.org
      list-archive-url-format: "https://lore.example.org/{}/"
      show-dependencies: true
      maintainers: [maint, both]
      delegation: [{path: fs/proc/cmdline.c, user: delegate}]
    - link-name: other
      name: Another list
      list-id: other.example.org
      list-email: other@example.org
      maintainers: [other, both]
  # kernel-patches-daemon asks for states by these numbers (its patchwork.py, RELEVANT_STATES).
  states:
    - {name: Queued, id: 13}
    - {name: Needs ACK, slug: needs_ack, id: 15}
Y
# Bad input reaches another store there, which takes less.
[[ -z ${PATCHMILL_TEST_PG:-} ]] || printf 'store: {url: "%s"}\n' "$PATCHMILL_TEST_PG" >>"$mill/patchmill.yaml"
export PATCHMILL_CONFIG=$mill/patchmill.yaml

case_of 'a list, another list, and tokens of all kinds'
tests/system/patchwork/mails.py examples/list/linux-demo.mbox >"$work/list.mbox"
run import "$work/list.mbox" || wrong "import ended with $?"
token() { # token NAME OWNER [OPTIONS…]: its secret is in a file, never in an argument
  run token create --name "$1" --owner "$2" "${@:3}" || wrong "token create ended with $?"
  cp "$work/out" "$work/tokens/$1"
}
for user in maint other both submitter commenter delegate stranger; do
  token "$user" "$user" --scope write:patches --scope write:checks
done
token patches maint --scope write:patches
token checks maint --scope write:checks
token read maint --scope read
token ghost nobody-of-that-name --scope write:patches --scope write:checks
token expired maint --scope write --expires 1s
token revoked maint --scope write
run token list --json
run token revoke "$(json 'next(t["id"] for t in j if t["name"] == "revoked")')" || wrong 'token revoke'

start "$mill"
export PYTHONDONTWRITEBYTECODE=1 PW_URL=$url PW_PID=$background PW_TOKENS=$work/tokens
program() { # program NAME [ARGUMENTS…]: one of tests/system/patchwork
  local status=0
  python3 "tests/system/patchwork/$1.py" "${@:2}" || status=$?
  case $status in
    0 | 77) ;;
    *) fail "$1 ended with $status" ;;
  esac
}

case_of 'who may write what'
program rights
if grep -rlF --file=<(cat "$work"/tokens/*) "$mill" >"$work/out"; then
  fail 'a secret stands in:' "$(cat "$work/out")"
fi

case_of 'what kernel-patches-daemon asks'
program kpd

case_of "answers against Patchwork's descriptions"
program schemas "${PATCHMILL_SHARED:-../shared}/data/patchwork"

case_of 'bad input'
program fuzz "${PATCHMILL_SHARED:-../shared}/data/patchwork"
kill -0 "$background" 2>/dev/null || fail 'the service has ended'
if grep -E '^[^ ]+ error: ' "$mill/log" >"$work/out"; then
  wrong 'the log has errors'
fi
stop

conclude

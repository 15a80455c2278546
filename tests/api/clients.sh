#!/usr/bin/env bash
# Real clients against Patchwork's API: git-pw and b4, where they are installed.
# Usage: clients.sh patchwork_server
set -euo pipefail
server=$(realpath "$1")
for tool in git-pw b4 curl; do
  if ! command -v "$tool" >/dev/null; then
    echo "SKIPPED: $tool is not installed; nothing is known of real clients here"
    exit 77
  fi
done
work=$(mktemp -d)
trap 'exec 9>&-; wait; rm -rf "$work"' EXIT
mkfifo "$work/end"
"$server" "$work/data" <"$work/end" >"$work/out" &
exec 9>"$work/end"
for _ in $(seq 100); do
  [ "$(wc -l <"$work/out")" = 2 ] && break
  sleep 0.1
done
url=$(sed -n 1p "$work/out")
mkdir "$work/repository"
cd "$work/repository"
export HOME=$work GIT_CONFIG_NOSYSTEM=1
git init -q .
git config user.name T
git config user.email t@example.net
git config pw.server "$url/api/1.2/"
git config pw.project lorem
git config b4.pw-url "$url"
git config b4.pw-project lorem
git config b4.pw-review-state under-review
{ # a token is no argument of a program
  token=$(sed -n 2p "$work/out")
  printf '[pw]\n\ttoken = %s\n[b4]\n\tpw-key = %s\n' "$token" "$token"
} >>.git/config
printf 'ipsum\nsit\n' >lorem.c
git add lorem.c
git commit -qm base

expect() { # TEXT COMMAND…: the output has the text
  local text=$1
  shift
  if ! "$@" >"$work/said" 2>&1 || ! grep -qF -- "$text" "$work/said"; then
    echo "'$*' does not say '$text' but:"
    cat "$work/said"
    exit 1
  fi
}
state() { curl -s "$url/api/patches/$1/" | grep -o '"state":"[a-z-]*"'; }

expect 'Work on lorem' git-pw series list
expect 'Work on lorem' git-pw series list --limit 5 work
expect 'p1@lorem' git-pw patch show 1
expect 'lorem: say dolor' git-pw patch list --state new --submitter ada@example.net
expect 'accepted' git-pw patch update --state accepted --archived false --delegate maint 2
expect 'b1' git-pw bundle create b1 1 2
expect 'lorem: say amet' git-pw bundle show b1
expect 'Downloaded series' git-pw series download 1 "$work/series.mbox"
expect 'Downloaded bundle' git-pw bundle download b1 "$work/bundle.mbox"
expect 'Applying: lorem: say dolor' git-pw patch apply 1
git log -1 --format=%b | grep -q '^reviewed-by: Bo'
[ "$(state 2)" = '"state":"accepted"' ]
expect 'Total patches: 1' b4 am -m "$work/series.mbox" --no-cache -o - p1@lorem
[ "$(state 1)" = '"state":"under-review"' ]
echo "git-pw and b4 work"

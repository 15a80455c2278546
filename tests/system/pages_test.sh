#!/usr/bin/env bash
# The pages in a real browser. Usage: tests/system/pages_test.sh [BUILD FOLDER]
#
# Takes Debian's Chromium and Node.js, and from npm the exact versions that
# tests/web_pages/package-lock.json names, kept in the user's cache. Exits with 77 when one of them
# cannot be had. With PATCHMILL_PICTURES=FOLDER it also takes pictures of some pages.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}

skip() {
  echo "pages_test: skipped: $1" >&2
  exit 77
}

export PATCHMILL_PAGES_SERVER=$PWD/$build/tests/pages_server
[ -x "$PATCHMILL_PAGES_SERVER" ] || {
  echo "pages_test: there is no $build/tests/pages_server; script/build builds it" >&2
  exit 1
}
for name in chromium chromium-browser; do
  if command -v "$name" >/dev/null; then
    PATCHMILL_CHROMIUM=${PATCHMILL_CHROMIUM:-$(command -v "$name")}
    break
  fi
done
export PATCHMILL_CHROMIUM=${PATCHMILL_CHROMIUM:-}
[ -n "$PATCHMILL_CHROMIUM" ] || skip "Chromium is missing; run script/bootstrap --browser"
command -v node >/dev/null || skip "Node.js is missing; run script/bootstrap --browser"

lock=tests/web_pages/package-lock.json
modules=${XDG_CACHE_HOME:-$HOME/.cache}/patchmill/web_pages-$(sha256sum "$lock" | cut -c1-16)
if [ ! -e "$modules/complete" ]; then
  command -v npm >/dev/null || skip "npm is missing; run script/bootstrap --browser"
  mkdir -p "$modules"
  cp tests/web_pages/package.json "$lock" "$modules/"
  npm ci --prefix "$modules" --ignore-scripts --no-audit --no-fund --silent ||
    skip "npm cannot fetch what $lock names"
  touch "$modules/complete"
fi
export PATCHMILL_NODE_MODULES=$modules
exec timeout 600 node tests/web_pages/pages_test.mjs

#!/usr/bin/env bash
# The Debian package: it can be built, holds what it should once, and its manual's links lead somewhere.
# Wants PATCHMILL_BIN, a program in a build folder.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
need dpkg-deb dpkg-shlibdeps objdump
begin

case_of "it is built, the same twice"
package=$(packaging/build-deb "$(dirname "$(dirname "$bin")")" "$work/one") || exit 1
again=$(packaging/build-deb "$(dirname "$(dirname "$bin")")" "$work/two") || exit 1
cmp "$package" "$again" || fail "two packages of one build differ"
dpkg-deb -x "$package" "$work/root"
docs=$work/root/usr/share/doc/patchmill

case_of "what it holds"
cmp -s docs/README.md "$docs/README.md" || fail "the manual does not begin with its own first page"
folders=$(find "$work/root" -name sign-off.txt -printf '%h\n')
[[ $folders == "$work/root/usr/share/patchmill/mail-templates" ]] || fail "mail templates are in: $folders"
"$work/root/usr/bin/patchmill" version >/dev/null || fail "the program does not start"
for library in $(objdump -p "$work/root/usr/bin/patchmill" | sed -n 's/ *NEEDED *\(libboost_json\|libfmt\|libyaml-cpp\).*/\1/p'); do
  dpkg-deb -f "$package" Depends | tr _ - | grep -q "${library//_/-}" || fail "it does not depend on $library"
done

case_of "every file a page of the manual links is there"
while IFS=: read -r page link; do
  [[ -e $(dirname "$page")/${link%%#*} ]] || fail "${page#"$docs"/} links $link"
done < <(grep -roP '\]\(\K(?!https?:|mailto:|#)[^)]+' "$docs" --include='*.md')

if command -v systemd-analyze >/dev/null; then
  case_of "systemd takes the units"
  # Documentation= and the program are looked for on this machine.
  for unit in "$work"/root/lib/systemd/system/*.service "$work"/root/usr/lib/systemd/system/*.service; do
    [[ -e $unit ]] || continue
    sed -i -e '/^Documentation=/d' -e 's|^\(Exec[A-Za-z]*=\)/usr/bin/patchmill|\1/bin/true|' "$unit"
    systemd-analyze verify --man=no "$unit" >"$work/out" 2>&1
    if grep -F "$(basename "$unit")" "$work/out" | grep -v 'default user\|not found'; then fail "$unit"; fi
  done
fi

conclude

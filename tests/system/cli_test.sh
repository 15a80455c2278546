#!/usr/bin/env bash
# The commands as a person uses them, on a small repository made here.
# Wants PATCHMILL_BIN. Prints each case; exits 1 when one fails.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
source tests/system/lib.sh
need git
begin

repo=$work/widget
git init -q "$repo"
cd "$repo" || exit 1
cat >widget.c <<'C'
#include <stdio.h>

int add(int a, int b)
{
	return a + b;
}

int main(void)
{
	printf("%d\n", add(1, 2));
	return 0;
}
C
printf 'all: widget\n\nwidget: widget.c\n\t$(CC) -Wall -o $(OUT)/widget widget.c\n' >Makefile
git add . && git commit -qm 'widget: first version' -m 'Signed-off-by: Ada Author <ada@example.org>'
git checkout -q -b work
sed -i 's/return a + b;/return b + a;/' widget.c
git commit -qam 'widget: add in the other order' \
  -m 'The other order reads better next to the caller.' -m 'Signed-off-by: Ada Author <ada@example.org>'

cat >"$work/patchmill.yaml" <<'Y'
data: data
trees:
  - name: widget
    url: widget
    branch: main
    lists: [widget.example.org]
jobs:
  - name: build
    kind: kbuild
    scope: patch
    command: [make, OUT=/tmp]
    results: compiler
    timeout: 60s
checks:
  disable: [cc-maintainers, checkpatch]
Y

case_of "no command, unknown command, unknown option: status 2 and a hint"
run; expect_status 2 $? "no command"
run improt; expect_status 2 $? "unknown command"
expect_text "did you mean 'import'" "$work/err" "unknown command"
run show --jsno; expect_status 2 $? "unknown option"
run --help; expect_status 0 $? "--help"
for command in import receive run try plan explain show log check-config doctor doc version; do
  run "$command" --help; expect_status 0 $? "$command --help"
done
run version --json; expect_status 0 $? "version"
expect_text '"version":"[0-9]' "$work/out" "version"
run --version; expect_status 0 $? "--version"

case_of "help: of all commands and of one; wrong use says where to read on"
run help; expect_status 0 $? "help"
expect_text '^  backup +Copy the store, logs and artifacts, while the service runs\.$' "$work/out" "help"
cp "$work/out" "$work/help"
run --help; cmp -s "$work/out" "$work/help" || wrong "help is not --help"
run help backup; expect_status 0 $? "help backup"
expect_text '^Copy the store, logs and artifacts' "$work/out" "help backup"
expect_text '^Into a folder: a later backup' "$work/out" "help backup"
run help improt; expect_status 2 $? "help of an unknown command"
run show --limt 3; expect_status 2 $? "a misspelt option"
expect_text "has no option '--limt'; did you mean '--limit'" "$work/err" "a misspelt option"
expect_text '^Try .patchmill show --help' "$work/err" "a misspelt option"
mkdir "$work/help-store"
run show --data "$work/help-store" message; expect_status 2 $? "show message of none"
expect_text 'takes 1 word more, not 0;' "$work/err" "show message of none"
run show --data "$work/help-store" series 1 2; expect_status 2 $? "show two series"

case_of "check-config names file, line and column"
run check-config "$work/patchmill.yaml"; expect_status 0 $? "good configuration"
sed 's/    lists:/    listz:/' "$work/patchmill.yaml" >"$work/bad.yaml"
run check-config "$work/bad.yaml"; expect_status 2 $? "bad configuration"
expect_text "bad.yaml:6:5: unknown key 'listz'; did you mean 'lists'" "$work/err" "bad configuration"
run check-config --json "$work/bad.yaml"; expect_status 2 $? "bad configuration, --json"
expect_text '"faults":\[\{"file":"[^"]*bad.yaml","line":6,"column":5,"message":"unknown key' "$work/out" \
  "bad configuration, --json"
printf 'http:\n  title: "my ci\njobs:\n' >"$work/open.yaml"
run -c "$work/open.yaml" check-config; expect_status 2 $? "an open quote"
expect_text 'open.yaml:2:10: .* has no end' "$work/err" "an open quote"
run check-config "$work/none.yaml"; expect_status 2 $? "missing configuration"
run check-config "$work"; expect_status 2 $? "a folder as configuration"
expect_text 'is a folder' "$work/err" "a folder as configuration"
sed 's/    timeout: 60s/    timeout: 90d/' "$work/bad.yaml" >"$work/worse.yaml"
run check-config "$work/worse.yaml"; expect_status 2 $? "a wrong key and a wrong value"
expect_text "unknown key 'listz'" "$work/err" "a wrong key and a wrong value"
expect_text "'timeout' is between 1s and 30d" "$work/err" "a wrong key and a wrong value"

case_of "try: good commits pass, without anything configured"
run try; expect_status 0 $? "try"
expect_text 'verdict: *(pass|warning)' "$work/out" "try"
git diff --quiet && [ -z "$(git status --porcelain)" ] || fail "try wrote into the checkout"
run try --json HEAD; expect_status 0 $? "try HEAD --json"
expect_text '"verdict":"(pass|warning)"' "$work/out" "try --json"

case_of "try: a patch that breaks the build fails with the compiler's words"
sed -i 's/return b + a;/return b + c;/' widget.c
git commit -qam 'widget: use the third number' -m 'It is needed.' -m 'Signed-off-by: Ada Author <ada@example.org>'
run try -c "$work/patchmill.yaml" HEAD; expect_status 1 $? "broken build"
expect_text "build.*widget.c:5.*'?c'? undeclared|widget.c:5: error" "$work/out" "broken build"

case_of "try: a missing sign-off fails"
git checkout -q main && git checkout -q -b nosign
sed -i 's/%d/%i/' widget.c && git commit -qam 'widget: print with %i' -m 'For no reason.'
run try; expect_status 1 $? "no sign-off"
expect_text 'signed-off-by' "$work/out" "no sign-off"

case_of "try: commits of several authors are one series, as a range and as mails"
git checkout -q work~1 && git checkout -q -b together
sed -i 's/first version/1st version/; s/int main(void)/int main(int argc, char **argv)/' widget.c
git commit -qam 'widget: take arguments' --author='Other Dev <o@dev.org>' --date='2026-01-05T10:00:00Z' \
  -m 'They are needed by the next change.' -m 'Signed-off-by: Other Dev <o@dev.org>' \
  -m 'Signed-off-by: Ada Author <ada@example.org>'
run try main..; expect_status 0 $? "two authors"
expect_text '2/2|2 of 2|v1' "$work/out" "two authors"
git format-patch -q --stdout --thread main.. >"$work/two.mbox"
run try "$work/two.mbox"; expect_status 0 $? "two authors by mail"
expect_text 'these are commits already on this branch; tested on the parent of the first, [0-9a-f]{12}' \
  "$work/out" "two authors by mail"
git format-patch -q --stdout main.. >"$work/two.mbox"
run try "$work/two.mbox"; expect_status 0 $? "two authors by mail without references"

case_of "try: folders and several files of mails"
git format-patch -q --cover-letter -o "$work/outgoing" main..
sed -i 's/\*\*\* SUBJECT HERE \*\*\*/widget: better order/; s/\*\*\* BLURB HERE \*\*\*/Why not./' "$work/outgoing/0000"*
run try "$work/outgoing"; expect_status 0 $? "a folder"
expect_text '2 of 2 patches' "$work/out" "a folder"
run try "$work/outgoing"/*; expect_status 0 $? "its files"
expect_text '2 of 2 patches' "$work/out" "its files"
run try "$work/outgoing/0002"*; expect_status 3 $? "one of two"
expect_text '^series [0-9]+  [^ ]' "$work/out" "one of two has a name"
run try HEAD "$work/outgoing"; expect_status 2 $? "a commit and a folder"
expect_text "'HEAD' is no file or folder" "$work/err" "a commit and a folder"

case_of "try: mails where HEAD is detached, as in a bisection or a checkout of CI"
git checkout -q --detach main
sed -i 's/%d/%i/' widget.c
git commit -qam 'widget: shorten a word' -m 'It is long.' -m 'Signed-off-by: Ada Author <ada@example.org>'
first=$(git rev-parse HEAD)
sed -i 's/%i/%u/' widget.c
git commit -qam 'widget: shorten it more' -m 'It is long.' -m 'Signed-off-by: Ada Author <ada@example.org>'
git format-patch -q --stdout -1 HEAD >"$work/second.mbox"
git checkout -q --detach main
run try "$work/second.mbox"; expect_status 1 $? "the second of two on the base of both"
expect_text 'does not apply' "$work/out" "the second of two on the base of both"
git checkout -q --detach "$first"
run try "$work/second.mbox"; expect_status 0 $? "the second of two on the first"
git checkout -q together

case_of "try: without an upstream a line says what is left out"
run try; expect_status 0 $? "no upstream"
expect_text 'no upstream is set, so only the last commit' "$work/err" "no upstream"

case_of "try: --base is for mails, and must be there"
run try HEAD -b nosuch; expect_status 2 $? "unknown base"
expect_text "'nosuch' names no commit" "$work/err" "unknown base"
run try main.. -b main; expect_status 2 $? "a base for commits"
expect_text 'their own parents' "$work/err" "a base for commits"

case_of "try: what was tried before has no part in the next try"
sed -i '0,/^Signed-off-by/{/^Signed-off-by/d}' "$work/two.mbox"
run try "$work/two.mbox"; expect_status 1 $? "the sign-off was taken out of the same mail"
sed -i 's/int argc/int count/' widget.c && git commit -qa --amend --no-edit
run try main..; expect_status 0 $? "amended"
[ "$(grep -c 'verdict:' "$work/out")" = 1 ] || fail "an earlier series is there, too"

case_of "try: the repository's settings do not matter"
git config diff.context 0; git config diff.noprefix true; git config format.useAutoBase true
run try main..; expect_status 0 $? "diff.context, diff.noprefix, format.useAutoBase"
run try --again main..; expect_status 0 $? "diff.context, diff.noprefix, format.useAutoBase"
git config --unset diff.context; git config --unset diff.noprefix; git config --unset format.useAutoBase

case_of "try: a branch may be called like a Message-ID, and @ is HEAD"
git branch we@ird
run try we@ird; expect_status 0 $? "we@ird"
run try @; expect_status 0 $? "@"
run try no@such.id; expect_status 2 $? "unknown Message-ID"
expect_text 'there is no series no@such.id' "$work/err" "unknown Message-ID"
run try --data "$work/typo" no@such.id; expect_status 2 $? "a Message-ID of no data folder"
expect_text "there is no data folder $work/typo" "$work/err" "a Message-ID of no data folder"
[[ ! -e $work/typo && ! -e $work/share/patchmill/store.sqlite ]] || fail "try made a store"

case_of "try: an empty commit is named"
git commit -q --allow-empty -m 'widget: nothing'
run try main..; expect_status 2 $? "empty commit"
expect_text 'commit [0-9a-f]{12} \("widget: nothing"\) is empty' "$work/err" "empty commit"
git reset -q --hard HEAD~

case_of "try: a clone without history says what it lacks"
git format-patch -q --stdout HEAD~..HEAD >"$work/last.mbox"
git clone -q --depth 1 --branch "$(git branch --show-current)" "file://$repo" "$work/shallow"
cd "$work/shallow" || exit 1
run try HEAD; expect_status 2 $? "the commit where a shallow clone begins"
expect_text 'HEAD is where this shallow clone begins.*git fetch --deepen=1' "$work/err" "shallow"
run try "$work/last.mbox"; expect_status 0 $? "mails against a shallow clone"
expect_text 'skip.*already in' "$work/out" "mails against a shallow clone"
sed 's/^-\([^-]\)/-nowhere \1/; s/^+\([^+]\)/+nowhere \1/; /^index /d; s/^Message-I[dD]: .*/Message-ID: <nowhere@x>/; s/^Subject: .*/Subject: [PATCH] widget: elsewhere/' \
  "$work/last.mbox" >"$work/nowhere.mbox"
run try "$work/nowhere.mbox"; expect_status 1 $? "a conflict in a shallow clone"
expect_text 'this clone is shallow.*git fetch --unshallow' "$work/out" "a conflict in a shallow clone"
run try --base HEAD "$work/last.mbox"; expect_status 0 $? "mails that the base has"
expect_text 'skip.*has all of its changes already' "$work/out" "mails that the base has"
cd "$repo" || exit 1

case_of "a patchmill.yaml that came with the checkout is used only when it is named"
printf 'jobs:\n  - name: steal\n    command: [false]\n' >patchmill.yaml
run try; expect_status 1 $? "one's own patchmill.yaml"
expect_text 'steal' "$work/out" "one's own patchmill.yaml"
git add patchmill.yaml && git commit -qm 'widget: add jobs' -m 'More tests.' -m 'Signed-off-by: Ada Author <ada@example.org>'
run try HEAD~; expect_status 0 $? "a tracked patchmill.yaml"
expect_text '^patchmill: ./patchmill.yaml is not used.*-c patchmill.yaml' "$work/err" "a tracked patchmill.yaml"
if grep -q steal "$work/out"; then fail "a job of the checkout ran"; fi
run try -c patchmill.yaml HEAD~; expect_status 1 $? "a tracked patchmill.yaml by name"
run show --data "$work/none" series; expect_text 'is not used' "$work/err" "show beside a tracked patchmill.yaml"
run check-config; expect_status 2 $? "check-config beside a tracked patchmill.yaml"
run check-config patchmill.yaml; expect_status 0 $? "check-config of a tracked patchmill.yaml"
git reset -q --hard HEAD~

case_of "try: without HOME no folder in /tmp is used"
(unset HOME XDG_CACHE_HOME; "$bin" try >"$work/out" 2>"$work/err" </dev/null); expect_status 2 $? "no HOME"
expect_text 'PATCHMILL_CACHE' "$work/err" "no HOME"

case_of "try: a test that fails already is told of, and nobody is blamed for it"
git checkout -q main && git checkout -q -b tests
printf '1..3\nok 1 a\nnot ok 2 known_bad\nok 3 c\n' >results.tap
git add results.tap && git commit -qm 'widget: add results' -m 'Signed-off-by: Ada Author <ada@example.org>'
echo new >new.txt && git add new.txt
git commit -qm 'widget: add a file' -m 'It is needed.' -m 'Signed-off-by: Ada Author <ada@example.org>'
printf 'jobs:\n  - {name: unit, results: ktap, command: [cat, results.tap]}\n' >"$work/unit.yaml"
run -c "$work/unit.yaml" try HEAD; expect_status 0 $? "a base with a failed test"
expect_text 'pass .*unit.*fails on the base, too: known_bad \(2 passed, 1 failed\)' "$work/out" "a base with a failed test"
printf '1..3\nnot ok 1 a\nnot ok 2 known_bad\nok 3 c\n' >results.tap
git commit -qam 'widget: break a' -m 'Why not.' -m 'Signed-off-by: Ada Author <ada@example.org>'
run -c "$work/unit.yaml" try HEAD; expect_status 1 $? "a new failed test"
expect_text 'verdict: fail +unit: a: test failed' "$work/out" "a new failed test"
git checkout -q work

case_of "try: a checkout of somebody else's"
(export GIT_TEST_ASSUME_DIFFERENT_OWNER=1; "$bin" try >"$work/out" 2>"$work/err" </dev/null); expect_status 2 $? "a foreign checkout"
expect_text 'git config --global --add safe.directory' "$work/err" "a foreign checkout"

case_of "try: wrong names are wrong use"
run try no-such-branch; expect_status 2 $? "unknown revision"
run try HEAD..HEAD; expect_status 2 $? "empty range"
run try "$work/none.mbox"; expect_status 2 $? "missing mbox"
(cd "$work" && "$bin" try >"$work/out" 2>"$work/err"); expect_status 2 $? "outside a checkout"

case_of "import, run, show, plan, explain, log on a list"
git checkout -q work
git format-patch -q --stdout --thread --cover-letter --subject-prefix='PATCH' main..work~1 >"$work/a.mbox"
sed -i 's/\*\*\* SUBJECT HERE \*\*\*/widget: better order/; s/\*\*\* BLURB HERE \*\*\*/Why not./' "$work/a.mbox"
git format-patch -q --stdout --thread work~1..work >"$work/b.mbox"
cat >"$work/c.mbox" <<'M'
From nobody Mon Sep 17 00:00:00 2001
Subject: nothing to see

no sender at all
M
run import -c "$work/patchmill.yaml" --list-id widget.example.org "$work/a.mbox" "$work/b.mbox" "$work/c.mbox"
expect_status 0 $? "import"
run import -c "$work/patchmill.yaml" --list-id widget.example.org "$work/a.mbox"
expect_status 0 $? "import again"
run import -c "$work/patchmill.yaml" "$work/nothing-here"; expect_status 2 $? "import of nothing"
run import -c "$work/patchmill.yaml" ftp://example.org/list; expect_status 2 $? "import by a scheme nobody fetches"
expect_text 'nothing is fetched from "ftp://example.org/list": only paths' "$work/err" "import by ftp"
run import -c "$work/patchmill.yaml" patchwork "$work/nothing.sql"; expect_status 2 $? "import of no dump"
expect_text "there is no such file" "$work/err" "import of no dump"
echo 'SELECT 1;' >"$work/other.sql"
run import -c "$work/patchmill.yaml" patchwork "$work/other.sql"; expect_status 2 $? "import of another dump"
expect_text "other.sql: byte [0-9]+: no dump of a database" "$work/err" "import of another dump"
[[ ! -s $work/out ]] || fail "import of another dump reports: $(<"$work/out")"
run show -c "$work/patchmill.yaml" messages; expect_status 0 $? "show messages"
expect_text 'unusable' "$work/out" "show messages"
run run -c "$work/patchmill.yaml"; expect_status 1 $? "run: one series breaks the build"
expect_text 'pass|warning' "$work/out" "run"
expect_text 'build \(patch 1\).*widget.c' "$work/out" "run"
run run -c "$work/patchmill.yaml"; expect_status 1 $? "run again: verdicts stand"
run show -c "$work/patchmill.yaml" series --json; expect_status 0 $? "show series --json"
expect_text '"received_all":true' "$work/out" "show series --json"
expect_text '"cover_letter":\{"msgid":"<' "$work/out" "show series --json"
run show -c "$work/patchmill.yaml" series 1; expect_status 0 $? "show series 1"
run show -c "$work/patchmill.yaml" series 99; expect_status 2 $? "show series 99"
run plan -c "$work/patchmill.yaml" 1; expect_status 0 $? "plan"
expect_text 'job: build on patch 1' "$work/out" "plan"
run explain -c "$work/patchmill.yaml" 1; expect_status 0 $? "explain"
cp "$work/out" "$work/explained"
for command in plan explain; do
  run "$command" --data "$work/typo" 1; expect_status 2 $? "$command of no data folder"
  expect_text 'there is no data folder' "$work/err" "$command of no data folder"
done
expect_text 'applies' "$work/explained" "explain"
if grep -q 'widget widget' "$work/explained"; then fail "explain says the tree twice"; fi
run run --data "$work/typo"; expect_status 2 $? "run of no data folder"
expect_text "there is no data folder $work/typo; .*patchmill import --data $work/typo PATH" "$work/err" \
  "run of no data folder"
[[ ! -e $work/typo ]] || fail "run made a store in a folder that was misspelt"
run run; expect_status 2 $? "run without anything configured or imported"
expect_text 'there is no data folder .*share/patchmill; name the right one' "$work/err" "run without anything"
sed 's/^data: .*/data: fresh/' "$work/patchmill.yaml" >"$work/fresh.yaml"
run run -c "$work/fresh.yaml" --no-fetch; expect_status 0 $? "run in a folder that is configured"
expect_text 'nothing is pending' "$work/out" "run in a folder that is configured"
run plan -c "$work/patchmill.yaml" --no-fetch --tree nowhere 1; expect_status 2 $? "plan on an unknown tree"
expect_text 'there is no tree "nowhere".*there are: widget' "$work/err" "plan on an unknown tree"
run log -c "$work/patchmill.yaml" --json; expect_status 0 $? "log"
run log -c "$work/patchmill.yaml" --limit 2; expect_status 0 $? "log --limit"
[[ $(wc -l <"$work/out") == 2 ]] || wrong "log --limit 2"
expect_text 'there are more events; `--after [0-9]+` shows the next, `--limit 0` all' "$work/err" "log --limit"
run log -c "$work/patchmill.yaml" --limit 0; expect_status 0 $? "log of everything"
(($(wc -l <"$work/out") > 2)) || wrong "log --limit 0"
[[ ! -s $work/err ]] || wrong "log of everything names more"
node=$("$bin" show -c "$work/patchmill.yaml" series 2 --json | grep -oE '"id":[0-9]+,"parent":[0-9]+,"series":2,"kind":"kbuild"' | grep -oE '[0-9]+' | head -1)
run log -c "$work/patchmill.yaml" "${node:-0}"; expect_status 0 $? "log of a build"
expect_text 'undeclared' "$work/out" "log of a build"

case_of "plan and explain: why a series is taken, skipped or waiting"
sed -n '/^From .*/,/^-- $/p' "$work/a.mbox" | awk '/^From /{n++} n==2' | sed 's/^Subject: .*/Subject: [PATCH 1\/2] widget: half/; s/^Message-.*/Message-ID: <half@example.org>/' >"$work/half.mbox"
run import -c "$work/patchmill.yaml" --list-id widget.example.org "$work/half.mbox"; expect_status 0 $? "import of a half"
number_of() { # number_of WORDS: of the series whose name has these
  "$bin" show -c "$work/patchmill.yaml" series --json | python3 -c 'import json,sys
for line in sys.stdin:
    for one in (lambda j: j if isinstance(j, list) else j.get("series", [j]))(json.loads(line)):
        if sys.argv[1] in one["name"]: print(one["number"])' "$1" | head -1
}
tell() { # tell SERIES WANTED…: plan and explain say so
  local command
  for command in plan explain; do
    run $command -c "$work/take.yaml" --no-fetch "$1" || true
    expect_text "$2" "$work/out" "$command of $1"
    run $command -c "$work/take.yaml" --no-fetch --json "$1" || true
    expect_text "\"selection\":\{\"taking\":\"${2%%:*}\"" "$work/out" "$command --json of $1"
  done
}
run plan -c "$work/patchmill.yaml" "$(number_of 'widget: half')"; expect_status 3 $? "plan of a half"
expect_text 'verdict without a test: incomplete, 1 of 2 patches are here' "$work/out" "plan of a half"
expect_text '^no build: 1 of 2 patches are here' "$work/out" "plan of a half"
run plan -c "$work/patchmill.yaml" --as-of 2001-01-01 1; expect_status 3 $? "plan before there was a commit"
expect_text 'no commit of tree widget is as old as 2001-01-01' "$work/out" "plan before there was a commit"
sed 's/branch: main/branch: nosuch/; s/name: widget/name: rel/' "$work/patchmill.yaml" >"$work/nosuch.yaml"
run plan -c "$work/nosuch.yaml" 1; expect_status 3 $? "plan on a branch that is not there"
expect_text '^patchmill: tree rel: [^:]* has no branch "nosuch"' "$work/err" "plan on a branch that is not there"
take() { # take CLAUSE: a source of the list that takes only this
  { cat "$work/patchmill.yaml"; printf 'sources:\n  - {name: list, url: /nowhere, list-id: widget.example.org, take: [%s]}\n' "$1"; } >"$work/take.yaml"
}
take '{path: "*.c"}'; tell 1 'taken: source list: clause 1: '
take '{path: "*.rs"}, {tag: [other]}'; tell 1 'skipped: source list: clause 1: .*\*\.rs.*; clause 2: tag .*other'
run plan -c "$work/take.yaml" --no-fetch 1 || true
expect_text '^tested all the same: it was tested before$' "$work/out" "plan of what is taken no more"
half=$(number_of 'widget: half'); tell "${half:-0}" 'waiting: source list: clause 1: .*only 1 of 2 patches are here'

case_of "receive: one mail on standard input"
git format-patch -q --stdout main..work~1 >"$work/one.mail"
sed -i '1d' "$work/one.mail"
"$bin" receive --data "$work/received" <"$work/one.mail" >"$work/out" 2>"$work/err"; expect_status 0 $? "receive"
"$bin" receive --data "$work/received" </dev/null >"$work/out" 2>"$work/err"; expect_status 0 $? "receive nothing"
expect_text 'cannot be used: the mail is empty' "$work/out" "receive nothing"
run show --data "$work/received" series --json; expect_status 0 $? "show what was received"
expect_text '"total":1' "$work/out" "show what was received"

case_of "show says what was mended in a mail"
{
  printf 'From: O <o@example.org>\nSubject: [PATCH] odd\nMessage-ID: <odd@x>\nDate: Fri, 31 Dec 9999 23:59:59 +0000\n\nx\n'
  printf -- '---\ndiff --git a/o b/o\nnew file mode 100644\n--- /dev/null\n+++ b/o\n@@ -0,0 +1 @@\n+x\n'
} >"$work/odd.mail"
"$bin" receive --data "$work/odd" <"$work/odd.mail" >"$work/out" 2>"$work/err"; expect_status 0 $? "receive an odd mail"
run show --data "$work/odd" series 1; expect_status 0 $? "show an odd series"
expect_text 'note: has no readable date: ' "$work/out" "show an odd series"
expect_text 'note: its commit gets the date of the one before it' "$work/out" "show an odd series"
run show --data "$work/odd" series 1 --json
expect_text '"notes":\["has no readable date: [^]]*","its commit gets the date' "$work/out" "show an odd series --json"
run show --data "$work/odd" message odd@x --json
expect_text '"notes":\["has no readable date: ' "$work/out" "show an odd mail --json"
run show --data "$work/odd" message odd@x
expect_text '^patchmill: note: has no readable date: ' "$work/err" "show an odd mail"
cmp -s "$work/odd.mail" "$work/out" || fail "a note stands among the lines of the mail"

case_of "try: a series of the data folder gets the verdict it has there"
stack=$work/stack
git init -q "$stack"
(cd "$stack" && printf '%s\n' one two three four five six >a.txt && git add . && git commit -qm 'a: first version')
cat >"$work/stack.yaml" <<'Y'
data: stack-data
trees:
  - {name: stack, url: stack, branch: main, lists: [stack.example.org]}
checks: {enable: [signed-off-by]}
Y
stacked() { # stacked ID MINUTE SUBJECT FROM TO [ANSWERED [TRAILER]]: a patch of the first line
  printf 'From: Ada Author <ada@example.org>\nSubject: %s\nMessage-ID: <%s>\n' "$3" "$1"
  printf 'Date: Sun, 1 Mar 2026 10:%s:00 +0000\n' "$2"
  [[ -z ${6-} ]] || printf 'In-Reply-To: <%s>\n' "$6"
  printf '\nIt reads better.\n\n'
  [[ -z ${7-} ]] || printf '%s\n' "$7"
  printf 'Signed-off-by: Ada Author <ada@example.org>\n---\ndiff --git a/a.txt b/a.txt\n'
  printf -- '--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n-%s\n+%s\n two\n three\n four\n' "$4" "$5"
}
stacked r1@ex 00 '[PATCH 1/2] a: say 1' one 1 >"$work/stack-1.eml"
stacked r2@ex 01 '[PATCH 2/2] a: say uno' 1 uno r1@ex >"$work/stack-2.eml"
printf 'From: Rev <rev@example.org>\nSubject: Re: [PATCH 2/2] a: say uno\nMessage-ID: <re@ex>\nDate: Sun, 1 Mar 2026 10:20:00 +0000\nIn-Reply-To: <r2@ex>\n\nAnother language.\n' >"$work/stack-3.eml"
stacked r3@ex 30 '[PATCH v2 2/2] a: say un' 1 un re@ex >"$work/stack-4.eml"
stacked on@ex 50 '[PATCH] a: say eins' un eins '' 'Depends-on: <r3@ex>' >"$work/stack-5.eml"
stacked plain@ex 55 '[PATCH] a: say ett' one ett >"$work/stack-6.eml"
stacked lost@ex 56 '[PATCH] a: say tolv' ten tolv >"$work/stack-7.eml"
run import -c "$work/stack.yaml" --list-id stack.example.org "$work"/stack-?.eml
expect_status 0 $? "import of a stack"
run run -c "$work/stack.yaml"; expect_status 1 $? "run of a stack"
cp "$work/out" "$work/stack.run"
cd "$stack" || exit 1
stack_tried() { # stack_tried ID STATUS VERDICT VERSION NAME: by itself, as `run` has it
  run try -c "$work/stack.yaml" --json "<$1>"; expect_status "$2" $? "try <$1>"
  expect_json 'len(j)' 1 "try <$1>"
  expect_json 'j[0]["verdict"]' "$3" "try <$1>"
  expect_json 'j[0]["version"]' "$4" "try <$1>"
  expect_text "^[0-9]+ +$4 +([0-9]+)/\1 +$3 +$5" "$work/stack.run" "run of <$1>"
}
stack_tried plain@ex 0 pass 1 'a: say ett'
stack_tried lost@ex 1 fail 1 'a: say tolv'
stack_tried r3@ex 0 pass 2 '\[1/2\] a: say 1'
stack_tried r1@ex 0 pass 2 '\[1/2\] a: say 1' # carried over
stack_tried on@ex 0 pass 1 'a: say eins'
run try -c "$work/stack.yaml" '<r3@ex>'; expect_status 0 $? "a partial reroll again"
expect_text '1  a: say 1  \(from an earlier revision\)' "$work/out" "a partial reroll"
expect_text '^nothing changed since ' "$work/out" "a partial reroll again"
run try -c "$work/stack.yaml" '<on@ex>'
expect_text '^nothing changed since ' "$work/out" "a dependency again"
run try -c "$work/stack.yaml" '<re@ex>'; expect_status 2 $? "a reply"
expect_text 'there is no series <re@ex> here' "$work/err" "a reply"
cd "$repo" || exit 1

case_of "output that finds no place"
"$bin" show --data "$work/received" series --json >/dev/full 2>"$work/err"; expect_status 3 $? "show on a full disk"
expect_text 'could not be written' "$work/err" "show on a full disk"
"$bin" --help-all >/dev/full 2>"$work/err"; expect_status 3 $? "help on a full disk"
for _ in 1 2 3 4 5; do
  { "$bin" --help-all 2>"$work/err"; echo $? >"$work/status"; } | true
  case $(cat "$work/status") in 0|141) ;; *) fail "help that nobody reads: $(cat "$work/status")" ;; esac
done

case_of "doctor"
run doctor -c "$work/patchmill.yaml"; expect_status 0 $? "doctor"
expect_text 'tree widget' "$work/out" "doctor"

case_of "terminal escapes in a subject never reach the terminal"
printf 'From: E <e@example.org>\nSubject: [PATCH] \033[31mred\007\nMessage-ID: <esc@x>\nDate: Sun, 1 Mar 2026 10:00:00 +0000\n\nx\n---\ndiff --git a/w b/w\nnew file mode 100644\n--- /dev/null\n+++ b/w\n@@ -0,0 +1 @@\n+x\n' |
  "$bin" receive --data "$work/received" >/dev/null 2>&1
run show --data "$work/received" series
if grep -q "$(printf '\033')\|$(printf '\007')" "$work/out"; then fail "an escape reached the terminal"; fi

conclude

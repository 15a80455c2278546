#!/usr/bin/env bash
# Reports by mail as an administrator lives with them: a policy, a real SMTP server, and crashes.
# Wants PATCHMILL_BIN. Prints each case; exits 1 when one fails. 77: there is no SMTP server here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
source tests/system/lib.sh
if [[ -z ${PATCHMILL_TEST_SMTP:-} ]]; then
  status=0
  script/with-smtp "$root/tests/system/mail_test.sh" || status=$?
  [[ $status != 3 ]] || exit 77
  exit "$status"
fi

begin
export PATCHMILL_CONFIG=$work/patchmill.yaml
port() { sed -n "s/^$1=//p" "$PATCHMILL_TEST_SMTP/ports"; }
taken=$PATCHMILL_TEST_SMTP/maildir/new
server=$(pgrep -f "smtp_server.py $PATCHMILL_TEST_SMTP")

# What time does: leases of dead processes end, and what waits is due.
time_passes() {
  python3 -c 'import sqlite3,sys; d=sqlite3.connect(sys.argv[1], timeout=30); d.execute("UPDATE outbox SET due = 0, lease_until = 0 WHERE state = 0"); d.execute("UPDATE report_undecided SET due = 0"); d.commit()' "$work/data/store.sqlite"
}
copies_to() { # copies_to ADDRESS: mails the server took for it
  grep -lE "^X-RcptTo: (.*, )?$1(,|[[:space:]]|\$)" "$taken"/* 2>/dev/null | wc -l
}
state_of() { # state_of ADDRESS: of the newest mail to it
  "$bin" mail list --json </dev/null >"$work/list.json"
  python3 -c 'import json,sys
for m in json.load(open(sys.argv[1])):
  if any(r["address"] == sys.argv[2] for r in m["recipients"]):
    print(m["state"]); break
else:
  print("none")' "$work/list.json" "$1"
}
id_of() { # id_of ADDRESS
  "$bin" mail list --json </dev/null >"$work/list.json"
  python3 -c 'import json,sys
print(next(m["id"] for m in json.load(open(sys.argv[1])) if any(r["address"] == sys.argv[2] for r in m["recipients"])))' "$work/list.json" "$1"
}
expect_state() { # expect_state WANTED ADDRESS
  local got
  got=$(state_of "$2")
  [[ $got == "$1" ]] || fail "the mail to $2 is $got, expected $1"
}

repo=$work/widget
git init -q "$repo"
printf 'one\ntwo\nthree\nfour\n' >"$repo/a.txt"
git -C "$repo" add . && git -C "$repo" commit -qm 'widget: first version'
base=$(git -C "$repo" rev-parse HEAD)
: >"$work/no-mail"

patch() { # patch ID FROM SUBJECT TRAILER [HEADER]: one mail with one patch
  printf 'From nobody Mon Sep 17 00:00:00 2001\nFrom: %s\nTo: list@example.org\nSubject: %s\nMessage-ID: <%s@example.org>\nDate: %s\nList-Id: <widget.example.org>\n%s\nBecause it reads better.\n\n%s---\ndiff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,4 +1,4 @@\n one\n-two\n+%s\n three\n four\n\n' \
    "$2" "$3" "$1" "${date:-$(date -R)}" "${5:-}" "$4" "$1"
}
take() { # takes a series of one patch without a sign-off: its verdict is fail
  patch "$1" "$2" "[PATCH] widget: $1" '' >"$work/take.mbox"
  run import "$work/take.mbox"
  run run --no-fetch
  expect_status 1 $? "run of $1"
}

cat >"$work/patchmill.yaml" <<Y
data: data
trees:
  - {name: widget, url: widget, branch: main, lists: [widget.example.org]}
checks: {enable: [signed-off-by]}
mail:
  from: patchmill at example.org <ci@example.org>
  contact: Carla Admin <carla@example.org>
  url: https://ci.example.org
  opt-out: {file: no-mail}
  smtp:
    host: localhost
    port: $(port login)
    tls: required
    ca-file: $PATCHMILL_TEST_SMTP/cert.pem
    user: tester
    password: {env: PATCHMILL_TEST_SMTP_PASSWORD}
  rules:
    - {name: failures, to: [author], cc: [list@example.org]}
    - {name: newcomers, match: {authors: ["new-*"]}, moderate: true}
Y

case_of "check-config knows the section, and templates by file and line"
run check-config; expect_status 0 $? "good configuration"
mkdir "$work/templates" && printf 'fine\n{{persn}}\n' >"$work/templates/report.txt"
sed 's/^  url:.*/&\n  templates: templates\n  form: x/' "$work/patchmill.yaml" >"$work/bad.yaml"
run check-config "$work/bad.yaml"; expect_status 2 $? "bad configuration"
expect_text "bad.yaml:[0-9]+:3: unknown key 'form'; did you mean 'from'" "$work/err" "unknown key"
sed -i '/form: x/d' "$work/bad.yaml"
run check-config "$work/bad.yaml"; expect_status 2 $? "bad template"
expect_text "templates/report.txt:2: .*did you mean 'person'" "$work/err" "bad template"

case_of "test: the server's answer is told, the password is not"
run mail test admin@example.org; expect_status 0 $? "mail test"
expect_text 'the SMTP server: accepted: 250' "$work/out" "mail test"
[[ $(copies_to admin@example.org) == 1 ]] || fail "the test mail did not arrive"
run mail test reject@example.org; expect_status 3 $? "mail test to nobody"
expect_text 'rejected: 550 5.1.1 no such user' "$work/out" "mail test to nobody"
PATCHMILL_TEST_SMTP_PASSWORD=wrong run mail test admin@example.org; expect_status 3 $? "wrong password"
expect_text 'deferred: SMTP server localhost:[0-9]+: ' "$work/out" "wrong password"
run mail test 'two words'; expect_status 2 $? "no address"

case_of "run queues mails by policy, plan --mail tells each byte and each why"
{
  patch bob 'Bob <bob@example.org>' '[PATCH] widget: bob' ''
  patch ann 'Ann <ann@example.org>' '[PATCH] widget: ann' $'Signed-off-by: Ann <ann@example.org>\n'
  patch oscar 'Oscar <oscar@example.org>' '[PATCH] widget: oscar' ''
  patch listed 'Lis <listed@example.org>' '[PATCH] widget: listed' ''
  patch nick 'Nick <new-nick@example.org>' '[PATCH] widget: nick' ''
  patch robot 'Robot <robot@example.org>' '[PATCH] widget: robot' '' $'Auto-Submitted: auto-generated\n'
  date='Sun, 1 Mar 2020 10:00:00 +0000' patch aged 'Aged <aged@example.org>' '[PATCH] widget: aged' ''
  patch rfc 'Ron <ron@example.org>' '[RFC PATCH] widget: rfc' ''
  patch inject '=?utf-8?q?Eve=0D=0ABcc:_victim@example.org?= <eve@example.org>' \
    $'[PATCH] =?utf-8?q?widget:_=0D=0ABcc:_victim@example.org=0D=0A=0D=0Abody?=\n\tReviewed-by: x' ''
} >"$work/first.mbox"
echo 'listed@example.org widget.example.org' >>"$work/no-mail"
run mail opt-out Oscar@example.org; expect_status 0 $? "opt-out"
run mail opt-outs --json; expect_status 0 $? "opt-outs"
[[ $(json '[(p["person"], p["list"]) for p in j]') == "[('oscar@example.org', '')]" ]] || fail "opt-outs: $(cat "$work/out")"
run import "$work/first.mbox"; expect_status 0 $? "import"
sed '/^  rules:/,$d' "$work/patchmill.yaml" >"$work/silent.yaml"
run run -c "$work/silent.yaml"; expect_status 1 $? "run without rules"
run plan --mail bob@example.org -c "$work/silent.yaml"; expect_status 2 $? "plan --mail without rules"
run plan --mail bob@example.org; expect_status 0 $? "plan --mail"
expect_text '^mail: goes at .* template sign-off' "$work/out" "plan --mail"
expect_text "^to +bob@example.org \\(author\\): .*rule 'failures'" "$work/out" "plan --mail"
expect_text '^cc +list@example.org' "$work/out" "plan --mail"
expect_text '^In-Reply-To: <bob@example.org>' "$work/out" "plan --mail"
for person in oscar listed; do
  run plan --mail $person@example.org --json; expect_status 0 $? "plan --mail of one who opted out"
  [[ $(json '[r["kept"] for r in j["decision"]["recipients"] if r["role"] == "author"]') == '[False]' ]] || fail "$person would get a mail"
done
run plan --mail nick@example.org; expect_text '^mail: held until it is released' "$work/out" "plan --mail of a newcomer"
run mail list --json; [[ $(json 'len(j)') == 0 ]] || fail "looking queued a mail"
run run; expect_status 1 $? "run: verdicts stand"
run mail list --json; [[ $(json 'len(j)') == 0 ]] || fail "verdicts that stand were mailed"
run run --again; expect_status 1 $? "run"
expect_text '4 mails are queued; `patchmill mail send`' "$work/err" "run"
expect_text '1 mail waits for a person' "$work/err" "run"
run plan --mail bob@example.org; expect_status 0 $? "plan --mail of a mail there is"
expect_text 'earlier: mail [0-9]+ is queued' "$work/out" "plan --mail of a mail there is"
expect_text 'this revision has had its mail' "$work/out" "plan --mail of a mail there is"
run run --again; expect_status 1 $? "run once more"
run plan --mail robot@example.org; expect_text 'loop protection' "$work/out" "plan --mail of a robot"
run plan --mail rfc@example.org; expect_text 'marked RFC' "$work/out" "plan --mail of an RFC"
run plan --mail aged@example.org; expect_text 'posted more than 168 h ago' "$work/out" "plan --mail of an old one"
run plan --mail ann@example.org --json; expect_status 0 $? "plan --mail of one that passed"
[[ $(json 'j["mail"]') == None ]] || fail "a pass would be mailed"
before=$(find "$taken" -type f | wc -l)

case_of "send: exactly the right mails, in the thread, by TLS and login"
run mail send --once; expect_status 0 $? "send"
for person in bob eve; do
  [[ $(copies_to $person@example.org) == 1 ]] || fail "$person got $(copies_to $person@example.org) mails"
  expect_state sent $person@example.org
done
for person in ann oscar listed new-nick robot aged ron victim; do
  [[ $(copies_to $person@example.org) == 0 ]] || fail "$person got a mail"
done
run mail send --once; expect_status 0 $? "send again"
# oscar and listed want none, but the list in Cc still hears of their series.
[[ $(find "$taken" -type f | wc -l) == $((before + 4)) ]] || fail "$(($(find "$taken" -type f | wc -l) - before)) mails were sent, not 4"
python3 "$root/tests/support/look_at_mails.py" "$taken" || bad=1
mail=$(grep -lE '^X-RcptTo: (.*, )?bob@' "$taken"/*)
expect_text '^In-Reply-To: <bob@example.org>' "$mail" "bob's mail"
expect_text '^To: .*bob@example.org' "$mail" "bob's mail"
expect_text '^Cc: list@example.org' "$mail" "bob's mail"
expect_text '^Subject: Re: \[PATCH\] widget: bob' "$mail" "bob's mail"
expect_text 'signed-off-by' "$mail" "bob's mail"
expect_text "$base" "$mail" "bob's mail"

case_of "moderation: held until released, or dropped"
expect_state held new-nick@example.org
nick=$(id_of new-nick@example.org)
run mail show "$nick"; expect_status 0 $? "mail show"
expect_text '^state: *held' "$work/out" "mail show"
expect_text '^In-Reply-To: <nick@example.org>' "$work/out" "mail show"
run mail resolve "$nick" --delivered; expect_status 2 $? "resolve of a held mail"
run mail resolve "$nick"; expect_status 2 $? "resolve without what"
run mail release "$nick"; expect_status 0 $? "release"
run mail release "$nick"; expect_status 2 $? "release again"
expect_text "mail $nick is queued" "$work/err" "release again"
run mail send --once; expect_status 0 $? "send what was released"
[[ $(copies_to new-nick@example.org) == 1 ]] || fail "the released mail did not arrive"
take nils 'Nils <new-nils@example.org>'
run mail drop "$(id_of new-nils@example.org)" --why 'said so in person'; expect_status 0 $? "drop"
run mail send --once
expect_state dropped new-nils@example.org
[[ $(copies_to new-nils@example.org) == 0 ]] || fail "the dropped mail arrived"

case_of "opt-out between decision and sending; a list of opt-outs that cannot be read stops all mail"
take olga 'Olga <olga@example.org>'
run mail opt-out olga@example.org widget.example.org
run mail send --once; expect_status 0 $? "send after opt-out"
[[ $(copies_to olga@example.org) == 0 ]] || fail "olga got a mail"
run mail opt-in olga@example.org; expect_status 2 $? "opt-in to what she did not leave"
run mail opt-in olga@example.org widget.example.org; expect_status 0 $? "opt-in"
mv "$work/no-mail" "$work/elsewhere"
take paul 'Paul <paul@example.org>'
run check-config; expect_status 2 $? "check-config without the list of opt-outs"
run mail send --once
expect_state none paul@example.org
run plan --mail paul@example.org; expect_status 2 $? "plan --mail without the list of opt-outs"
mv "$work/elsewhere" "$work/no-mail"
time_passes
run mail send --once; expect_status 0 $? "send when the list is back"
expect_state sent paul@example.org

case_of "4xx, then accept; 5xx; neither is lost nor sent twice"
take lena 'Lena <later-lena@example.org>'
take rita 'Rita <reject-rita@example.org>'
run mail send --once; expect_status 3 $? "send with trouble"
expect_state queued later-lena@example.org
expect_text '451 4.7.1 greylisted' "$work/out" "send with trouble"
expect_state sent reject-rita@example.org
run mail show "$(id_of reject-rita@example.org)"
expect_text 'reject-rita@example.org: rejected: 550' "$work/out" "who was rejected"
lists=$(copies_to list@example.org)
run mail send --once; expect_status 0 $? "not due yet"
[[ $(copies_to later-lena@example.org) == 0 ]] || fail "tried again at once"
time_passes
run mail send --once; expect_status 0 $? "send when due"
[[ $(copies_to later-lena@example.org) == 1 ]] || fail "lena got $(copies_to later-lena@example.org) mails"
[[ $(copies_to list@example.org) == "$lists" ]] || fail "the list got a second copy"

case_of "a connection cut after the mail: in doubt, a person settles it"
take carl 'Carl <cut-carl@example.org>'
run mail send --once; expect_status 3 $? "send into a cut"
expect_state in-doubt cut-carl@example.org
run mail send --once; time_passes; run mail send --once
[[ $(copies_to cut-carl@example.org) == 1 ]] || fail "carl got $(copies_to cut-carl@example.org) mails"
run mail resolve "$(id_of cut-carl@example.org)" --delivered; expect_status 0 $? "resolve"
expect_state sent cut-carl@example.org

case_of "the same, but the archive tells: nobody needs to look"
take cleo 'Cleo <cut-cleo@example.org>'
run mail send --once
expect_state in-doubt cut-cleo@example.org
cat "$(grep -lE '^X-RcptTo: (.*, )?cut-cleo@' "$taken"/*)" >"$work/own.eml"
"$bin" receive <"$work/own.eml" >/dev/null 2>&1 || fail "the list's copy was not taken"
run mail send --once; expect_status 0 $? "settled"
expect_state sent cut-cleo@example.org
[[ $(copies_to cut-cleo@example.org) == 1 ]] || fail "cleo got $(copies_to cut-cleo@example.org) mails"

case_of "a tarpit: SIGTERM ends it within a second, and the mail stays"
take toni 'Toni <tarpit-toni@example.org>'
"$bin" mail send >"$work/out" 2>"$work/err" </dev/null &
background=$!
for _ in $(seq 100); do
  ss -tn 2>/dev/null | grep -q ":$(port login) " && break
  sleep 0.05
done
sleep 0.7
kill -0 "$background" || fail "the sender left by itself"
started=$(date +%s%N)
kill -TERM "$background"
wait "$background"; expect_status 0 $? "send, ended by SIGTERM"
background=
took=$((($(date +%s%N) - started) / 1000000))
((took < 1000)) || fail "it took $took ms to end"
expect_state queued tarpit-toni@example.org
run mail drop "$(id_of tarpit-toni@example.org)"

case_of "no server at all: it waits, and says why"
sed "s/port: .*/port: 1/" "$work/patchmill.yaml" >"$work/dead.yaml"
take dora 'Dora <dora@example.org>'
run mail send --once -c "$work/dead.yaml"; expect_status 3 $? "send without a server"
expect_text "SMTP server localhost:1: " "$work/out" "send without a server"
expect_state queued dora@example.org
time_passes
run mail send --once; expect_status 0 $? "send when it is back"
[[ $(copies_to dora@example.org) == 1 ]] || fail "dora got $(copies_to dora@example.org) mails"

case_of "kill -9 at random instants: never lost, never twice"
for n in $(seq 20); do
  patch "kill$n" "K$n <kill$n@example.org>" "[PATCH] widget: kill $n" ''
done >"$work/kill.mbox"
run import "$work/kill.mbox"
# Also while it is judging and queueing.
for pause in 0.15 0.25 0.35 0.5; do
  "$bin" run --no-fetch >/dev/null 2>&1 </dev/null &
  background=$!
  sleep $pause
  kill -9 "$background" 2>/dev/null
  wait "$background" 2>/dev/null
done
run run --no-fetch; expect_status 1 $? "run after crashes"
killed=0
RANDOM=20261121
for round in $(seq 150); do
  "$bin" mail send --once >/dev/null 2>&1 </dev/null &
  background=$!
  # From its first moments on, so that a quick machine is caught as well.
  sleep "$(printf '0.%03d' $((round * 5 % 90 + RANDOM % 5)))"
  if kill -9 "$background" 2>/dev/null; then killed=$((killed + 1)); fi
  wait "$background" 2>/dev/null
  time_passes
  "$bin" mail list --state queued --json </dev/null >"$work/out"
  [[ $(json 'len(j)') != 0 ]] || break
done
background=
run mail send --once
sleep 0.5
doubtful=0
for n in $(seq 20); do
  copies=$(copies_to "kill$n@example.org")
  state=$(state_of "kill$n@example.org")
  case $state,$copies in
    sent,1) ;;
    in-doubt,1) doubtful=$((doubtful + 1)); run mail resolve "$(id_of "kill$n@example.org")" --delivered ;;
    in-doubt,0) doubtful=$((doubtful + 1)); run mail resolve "$(id_of "kill$n@example.org")" --not-delivered ;;
    *) fail "the mail to kill$n is $state and arrived $copies times" ;;
  esac
done
run mail send --once; expect_status 0 $? "the last of them"
for n in $(seq 20); do
  [[ $(copies_to "kill$n@example.org") == 1 ]] || fail "kill$n got $(copies_to "kill$n@example.org") mails"
  expect_state sent "kill$n@example.org"
done
echo "   killed $killed times, $doubtful of 20 mails were in doubt"
((killed >= 5)) || fail "it was killed only $killed times"
python3 "$root/tests/support/look_at_mails.py" "$taken" || bad=1

case_of "a newer revision drops the mail about the older one"
take old 'Vera <vera@example.org>'
patch newer 'Vera <vera@example.org>' '[PATCH v2] widget: old' $'Signed-off-by: Vera <vera@example.org>\n' \
  $'In-Reply-To: <old@example.org>\nReferences: <old@example.org>\n' >"$work/take.mbox"
run import "$work/take.mbox"
run mail send --once; expect_status 0 $? "send after v2"
expect_state dropped vera@example.org

case_of "serve: a delivered patch is answered, a release goes at once, a tarpit does not hold it"
mkdir -p "$work/box"/{tmp,new,cur}
{
  printf 'sources: [{name: box, url: box}]\nhttp: {listen: ["127.0.0.1:0"]}\n'
  cat "$work/patchmill.yaml"
} >"$work/serve.yaml"
post() { # post ID FROM: as a mail server delivers it
  patch "$1" "$2" "[PATCH] widget: $1" '' | tail -n +2 >"$work/$1"
  deliver "$work/$1" "$work/box"
}
arrived() { [[ $(copies_to "$1") == 1 ]]; }
is() { [[ $(state_of "$1") == "$2" ]]; }
"$bin" serve -c "$work/serve.yaml" >"$work/serve.out" 2>&1 </dev/null &
background=$!
post sue 'Sue <sue@example.org>'
until_true 20 arrived sue@example.org || fail "sue got no mail: $(tail -n 3 "$work/serve.out")"
address=$(sed -n 's/^patchmill is at work; pages: //p' "$work/serve.out")
mail=$(grep -lE '^X-RcptTo: (.*, )?sue@' "$taken"/*)
tr -d '\r' <"$mail" | grep -oE 'https://ci\.example\.org/[^ ]*' | sort -u >"$work/links"
[[ -s $work/links ]] || fail "there is no link in the mail to sue"
while read -r link; do
  curl -sfL -o "$work/out" "$address${link#https://ci.example.org}" || fail "$link in the mail to sue leads nowhere"
done <"$work/links"
post nina 'Nina <new-nina@example.org>'
until_true 20 is new-nina@example.org held || fail "the mail to nina is not held"
run mail release "$(id_of new-nina@example.org)"; expect_status 0 $? "release beside serve"
for _ in 1 2 3 4; do arrived new-nina@example.org || sleep 0.5; done
arrived new-nina@example.org || fail "the released mail did not go within two seconds"
post tess 'Tess <tarpit-tess@example.org>'
until_true 20 is tarpit-tess@example.org queued || fail "the mail to tess is not queued"
sleep 1
started=$(date +%s%N)
kill -TERM "$background"
wait "$background"; expect_status 0 $? "serve, ended by SIGTERM"
background=
took=$((($(date +%s%N) - started) / 1000000))
((took < 1500)) || fail "serve took $took ms to end"
expect_state queued tarpit-tess@example.org
run mail drop "$(id_of tarpit-tess@example.org)"
python3 "$root/tests/support/look_at_mails.py" "$taken" || bad=1
echo "   it ended within $took ms"

case_of "the hostile list: no header is injected, no line of a mail is somebody else's"
rm -f "$taken"/*
examples/hostile/generate.pl "$work/hostile" "$work" 9 >/dev/null
sed '/^jobs:/,$d' "$work/hostile/patchmill.yaml" >"$work/hostile/mail.yaml"
sed -n '/^mail:/,$p' "$work/patchmill.yaml" |
  sed -e 's/cc: \[.*\]}/cc: [list], verdicts: [fail, warning, pass], per-thread: 1000, per-person-day: 1000}/' -e 's/^  url:.*/  max-age: 1000000h/' \
    -e "s|no-mail}|$work/no-mail}|" -e '/newcomers/d' >>"$work/hostile/mail.yaml"
cat >>"$work/hostile/mail.yaml" <<Y
checks: {disable: [checkpatch, shellcheck, cc-maintainers]}
Y
export PATCHMILL_CONFIG=$work/hostile/mail.yaml
run import "$work/hostile/hostile.mbox"; expect_status 0 $? "import of the hostile list"
run run -q; expect_status 1 $? "run of the hostile list"
run mail send --once -q; expect_status 0 $? "send about the hostile list"
count=$(find "$taken" -type f | wc -l)
((count >= 40)) || { fail "only $count mails about the hostile list"; sed 's/^/   | /' "$work/out" "$work/err" | head -n 20; }
python3 "$root/tests/support/look_at_mails.py" "$taken" || bad=1
run mail list --limit 1000
if LC_ALL=C grep -qP '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]' "$work/out"; then fail "control characters in mail list"; fi
kill -0 "$server" || fail "the SMTP server is gone"
echo "   $count mails"

conclude

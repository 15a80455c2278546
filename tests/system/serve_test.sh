#!/usr/bin/env bash
# The service as an operator runs it: mails delivered, verdicts on its pages, reload, stop, kill -9,
# and the hostile sample list. Wants PATCHMILL_BIN. 77: there is no sandbox or no curl here.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/system/lib.sh
need bwrap curl git perl
begin
now_ms() { date +%s%3N; }

get() { curl -sS --max-time 20 -H 'Accept: application/json' "$url$1"; }
field() { # field PERL-EXPRESSION over $d, the JSON on standard input
  perl -MJSON::PP -e 'my $d = decode_json(do { local $/; <STDIN> }); binmode STDOUT, ":utf8"; print '"$1"
}
verdicts() { get '/?state=all&limit=100' | field 'join " ", map { "$_->{number}:" . ($_->{verdict} // "none") } sort { $a->{number} <=> $b->{number} } @{$d->{series}}'; }

# A small tree, and mails for it.
mkdir -p "$work"/one/box/{tmp,new,cur} "$work/one/tree"
cd "$work/one/tree"
git init -q
seq 1 40 > numbers
git add . && git commit -qm 'numbers: up to forty' -m 'Signed-off-by: Ada Author <ada@example.org>'
git checkout -qb work
for i in $(seq 1 12); do
  git checkout -q main -B "work$i"
  sed -i "$((i * 3))s/.*/line $i/" numbers
  git commit -qam "numbers: say line $i" -m 'Because it reads better.' \
    -m 'Signed-off-by: Ada Author <ada@example.org>'
  git format-patch -q -1 --stdout --add-header='List-Id: <l.example.org>' | sed '1d' > "$work/one/mail$i"
  sed -i "1i Message-ID: <m$i@example.org>" "$work/one/mail$i"
done
git checkout -q main
cd "$root"
cat > "$work/one/patchmill.yaml" <<Y
data: data
max-age: none
workers: 2
fetch: 1s
http: {listen: ["127.0.0.1:0"]}
trees:
  - {name: numbers, url: tree, branch: main, lists: [l.example.org]}
  - {name: away, url: "file:///nowhere/at/all"}
sources:
  - {name: box, url: box}
  - {name: away, url: "http://127.0.0.1:9/list"}
jobs:
  - {name: count, kind: test, command: [sh, -c, "sleep 0.2; test \$(wc -l < numbers) = 40"]}
Y

case_of 'a delivered mail has its verdict on the page'
start "$work/one"
begun=$(now_ms)
deliver "$work/one/mail1" "$work/one/box"
checked() { get /series/1/ 2> /dev/null | grep -q '"signed-off-by"'; }
until_true 20 checked || fail 'no check of series 1'
echo "   first check after $(($(now_ms) - begun)) ms"
passed() { [[ " $(verdicts) " == *" $1:pass "* ]]; }
until_true 20 passed 1 || fail "series 1: $(verdicts)"

case_of 'every page answers, also in a reader of text'
for page in / /series/1/ /series/1/patches/1/ /queue/ /health/ /stats/ /about/ /feed.atom; do
  code=$(curl -sS -o "$work/page" -w '%{http_code}' -H 'Accept: text/html' "$url$page")
  [[ $code == 200 ]] || fail "$page: $code"
done
[[ $(curl -sS -o /dev/null -w '%{http_code}' "$url/series/999/") == 404 ]] || fail 'no 404 for a series that is not there'
get /health/ | field '$d->{trees}[0]{name}' > /dev/null || fail 'no health'

case_of 'figures say what was done'
metric() { curl -sS "$url/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
is_metric() { [[ $(metric "$1") == "$2" ]]; }
counted() { [[ $(metric "$1") -ge 1 ]]; }
until_true 10 is_metric 'patchmill_source_messages_total{source="box"}' 1 || fail 'no mail was counted'
until_true 10 is_metric 'patchmill_nodes_done_total{kind="test",result="pass"}' 1 || fail 'no test was counted'
until_true 10 is_metric 'patchmill_first_verdict_seconds_count' 1 || fail 'the first verdict was not counted'
until_true 10 counted 'patchmill_workers{state="idle"}' || fail 'no workers'
until_true 30 counted 'patchmill_tree_fetches_total{tree="numbers",result="ok"}' || fail "no fetch was counted: $(grep numbers "$work/one/log" || true)"
until_true 10 counted 'patchmill_tree_fetches_total{tree="away",result="failed"}' || fail 'no failed fetch was counted'
until_true 10 counted 'patchmill_source_failures_total{source="away"}' || fail 'no failed source was counted'

case_of 'mail through a pipe while the service runs'
"$bin" receive < "$work/one/mail2" || fail "receive ended with $?"
until_true 20 passed 2 || fail "series 2: $(verdicts)"

case_of 'cancel of what is over'
idle() { "$bin" cancel 2 | grep -q '^cancel-series 2: nothing of it is waiting or running$'; }
until_true 20 idle || fail "cancel: $("$bin" cancel 2)"

case_of 'one service a data folder'
status=0
"$bin" run > "$work/page" 2>&1 || status=$?
[[ $status == 3 ]] || fail "run beside a service ended with $status"

case_of 'pause, retry, resume'
"$bin" pause --reason 'a test' > /dev/null
sleep 0.5
"$bin" retry 1 > /dev/null
waiting() { get /queue/ | grep -q '"count"'; }
until_true 20 waiting || fail 'the retried series does not wait'
"$bin" resume > /dev/null
until_true 20 passed 1 || fail "series 1 after a retry: $(verdicts)"

case_of 'reload: a new job; a broken configuration changes nothing'
sed -i 's/^jobs:/jobs:\n  - {name: second, command: ["true"]}/' "$work/one/patchmill.yaml"
kill -HUP "$background"
reread() { grep -q 'was read again' "$work/one/log"; }
until_true 20 reread || fail 'no reload'
deliver "$work/one/mail3" "$work/one/box"
until_true 20 passed 3 || fail "series 3: $(verdicts)"
get /series/3/ | grep -q '"second"' || fail 'the new job did not run'
cp "$work/one/patchmill.yaml" "$work/good"
echo 'jobs: 7' >> "$work/one/patchmill.yaml"
kill -HUP "$background"
refused() { grep -q 'stays as it was' "$work/one/log"; }
until_true 20 refused || fail 'a broken configuration was not refused'
cp "$work/good" "$work/one/patchmill.yaml"

case_of 'an end in order'
begun=$(now_ms)
stop
echo "   ended after $(($(now_ms) - begun)) ms"
[[ $("$bin" status --json | field '$d->{service}{running} ? 1 : 0') == 0 ]] || fail 'status says it still runs'

case_of 'killed again and again while mails come'
for i in $(seq 4 12); do
  start "$work/one"
  deliver "$work/one/mail$i" "$work/one/box"
  sleep "0.$((RANDOM % 9))"
  kill -9 "$background"
  wait "$background" 2> /dev/null || true
done
start "$work/one"
all_passed() { [[ $(verdicts | tr ' ' '\n' | grep -c ':pass$') == 12 ]]; }
until_true 60 all_passed || fail "after kill -9: $(verdicts)"
[[ -z $("$bin" show series --json | perl -MJSON::PP -e '
  my $d = decode_json(do { local $/; <STDIN> }); my %n;
  print "twice " for grep { $n{$_->{name}}++ } @{ref $d eq "HASH" ? $d->{series} : $d}') ]] || fail 'a series is there twice'
stop

case_of 'the hostile list, live'
mkdir -p "$work/canary"
examples/hostile/generate.pl "$work/list" "$work/canary" 9 > /dev/null
mkdir -p "$work"/list/box/{tmp,new,cur}
perl -0777 -ne 'my $n = 0; for my $m (split /^From mboxrd\@z [^\n]*\n/m) { next unless length $m; $n++; open my $f, ">:raw", "$ARGV[0]/$n" or die; print $f $m }' \
  "$work/list/hostile.mbox" "$work/list/box/new" 2> /dev/null || perl -e '
  my ($from, $to) = @ARGV; local $/; open my $in, "<:raw", $from or die; my $n = 0;
  for my $m (split /^From mboxrd\@z [^\n]*\n/m, <$in>) { next unless length $m; $n++; open my $f, ">:raw", "$to/$n" or die; print $f $m }' \
  "$work/list/hostile.mbox" "$work/list/box/new"
cat >> "$work/list/patchmill.yaml" <<Y
max-age: none
http: {listen: ["127.0.0.1:0"]}
sources:
  - {name: box, url: box}
Y
start "$work/list"
wanted=$(awk -F'\t' '!/^#/ && NF > 3 && $2 ~ /^[0-9]+$/' examples/hostile/expected.tsv | wc -l)
quiet=0
settled() { # all are there, nothing new for a while, and nothing to do
  local seen
  seen=$("$bin" status --json | field 'do {
    my $all = 0; $all += $_ for values %{$d->{series}};
    join "/", $all >= '"$wanted"' ? 1 : 0, $d->{series}{untested}, scalar @{$d->{running}}, scalar @{$d->{queue}} }')
  [[ $seen == 1/0/0/0 ]] && quiet=$((quiet + 1)) || quiet=0
  ((quiet >= 20))
}
until_true 240 settled || fail "the hostile list does not settle: $("$bin" status | head -n 20)"
"$bin" show series --json > "$work/series.json"
script/lib/expect.pl examples/hostile/expected.tsv "$work/series.json" > "$work/page" || { cat "$work/page"; bad=1; }
for number in $(field 'join " ", map { $_->{number} } @{ref $d eq "HASH" ? $d->{series} : $d}' < "$work/series.json"); do
  for kind in text/html application/json; do
    code=$(curl -sS -o "$work/page" -w '%{http_code}' -H "Accept: $kind" "$url/series/$number/")
    [[ $code == 200 ]] || fail "series $number as $kind: $code"
    ! grep -qiE '<script[^>]*>[^<]|onerror=|javascript:' "$work/page" || [[ $kind == application/json ]] || fail "series $number: a script of somebody else"
  done
  perl -MJSON::PP -e 'decode_json(do { local $/; <STDIN> })' < "$work/page" || fail "series $number: bad JSON"
done
kill -0 "$background" 2> /dev/null || fail 'the service died of the hostile list'
stop

case_of 'limits of one address'
mkdir -p "$work/limits"
cat > "$work/limits/patchmill.yaml" <<Y
data: data
workers: 2
http: {listen: ["127.0.0.1:0"], connections-per-address: 3, requests-per-minute: 5}
Y
start "$work/limits"
codes=
curl -sS "$url/health/?format=json" | grep -q '"name":"worker-2"' || fail 'an idle worker is not on the page of health'
for _ in $(seq 5); do codes+="$(curl -sS -o /dev/null -w '%{http_code}' "$url/about/") "; done
[[ $codes == '200 200 200 200 429 ' ]] || fail "six requests, five allowed: $codes"
token=$("$bin" token create --name script --scope read 2> /dev/null)
codes=
for _ in $(seq 6); do codes+="$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Token $token" "$url/about/") "; done
[[ $codes == '200 200 200 200 200 429 ' ]] || fail "the same with a token of its own: $codes"
code=$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Token ${token%?????}00000" "$url/about/")
[[ $code == 429 ]] || fail "a wrong token beyond the limit of its address: $code"
for fd in 7 8 9; do eval "exec $fd<> /dev/tcp/127.0.0.1/${url##*:}"; done
code=$(curl -sS -o /dev/null -w '%{http_code}' "$url/about/" || true)
[[ $code == 503 ]] || fail "a fourth connection: $code"
exec 7>&- 8>&- 9>&-
stop

conclude

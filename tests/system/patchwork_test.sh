#!/usr/bin/env bash
# Patchwork's API of the service with real clients, git-pw, b4 and curl: the sample list imported,
# and mails that arrive while it runs. Wants PATCHMILL_BIN. 77: one of the clients is not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/system/lib.sh
need git-pw b4 curl git python3
begin
mill=$work/mill
mkdir -p "$mill"/box/{tmp,new,cur}
cat >"$mill/patchmill.yaml" <<Y
data: data
http: {listen: ["127.0.0.1:0"]}
sources: [{name: box, url: box}]
patchwork:
  users:
    - {username: carla, first-name: Carla, last-name: Admin, email: carla@example.org}
    - {username: ci}
  projects:
    - link-name: demo
      name: Demo of a kernel list
      list-id: linux-demo.example.org
      list-email: linux-demo@example.org
      list-archive-url-format: "https://lore.example.org/{}/"
      show-dependencies: true
      maintainers: [carla, ci]
Y
export PATCHMILL_CONFIG=$mill/patchmill.yaml

expect() { # expect TEXT COMMAND…: it succeeds and prints the text
  local text=$1 status=0
  shift
  "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  ((status == 0)) || wrong "$*: exit status $status"
  cat "$work/out" "$work/err" | grep -qF -- "$text" || wrong "$*: does not say '$text'"
}
get() { # get PATH [CURL OPTIONS…]: the body in $work/out, head in $work/head, status in $code
  code=$(curl -sS --max-time 20 -D "$work/head" -o "$work/out" -w '%{http_code}' "${@:2}" "$url$1")
  : >"$work/err"
}
expect_get() { # expect_get STATUS PATH [CURL OPTIONS…]
  get "${@:2}"
  [[ $code == "$1" ]] || wrong "$2: $code, expected $1"
}
header() { # header NAME of the last answer
  sed -n "s/^$1: //ip" "$work/head" | tr -d '\r'
}
expect_header() { # expect_header NAME WANTED
  [[ $(header "$1") == "$2" ]] || fail "$1 is '$(header "$1")', expected '$2'"
}
api() { expect_get 200 "/api/1.3$1" "${@:2}"; }
state_of() { # state_of PATCH
  curl -sS "$url/api/1.3/patches/$1/" | python3 -c 'import json,sys; print(json.load(sys.stdin)["state"])'
}
expect_state() { [[ $(state_of "$1") == "$2" ]] || fail "$3: patch $1 is $(state_of "$1"), expected $2"; }

case_of 'import: the registry is up to date'
run import examples/list/linux-demo.mbox || wrong "import ended with $?"
rows() { python3 -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM " + sys.argv[2]).fetchone()[0])' "$mill/data/store.sqlite" "$1"; }
patches=$(grep -c '^Subject: \[PATCH' examples/list/linux-demo.mbox)
covers=$(grep -c '^Subject: \[PATCH.* 0/' examples/list/linux-demo.mbox)
patches=$((patches - covers - 1)) # one has neither sender nor patch
[[ $(rows registry_patches) == "$patches" ]] || fail "$(rows registry_patches) patches after the import, expected $patches"
[[ $(rows registry_covers) == "$covers" ]] || fail "$(rows registry_covers) covers after the import, expected $covers"

case_of 'receive: without a service, too'
comments=$(rows registry_patch_comments)
"$PATCHMILL_BIN" receive <<'M' || wrong "receive ended with $?"
From: Bo Bold <bo@example.org>
Date: Mon, 02 Mar 2026 12:00:00 +0000
Subject: Re: [PATCH] fs/proc/softirqs: name the widths of the columns
Message-ID: <received@example.org>
In-Reply-To: <20260302081407.1201-1-noor@example.org>
List-Id: <linux-demo.example.org>

Good.
M
[[ $(rows registry_patch_comments) == $((comments + 1)) ]] || fail 'the comment that was received is not there'

case_of 'users and tokens'
run user add bo --email bo@example.org || wrong "user add ended with $?"
expect_text '^added: bo, bo@example.org$' "$work/out" 'user add'
run user add bo --first-name Bo || wrong "user add ended with $?"
expect_text '^changed: bo, bo@example.org, Bo$' "$work/out" 'user add of what is there'
run user add bo --email '' || wrong "user add without an address ended with $?"
expect_text '^changed: bo, no mail address, Bo$' "$work/out" 'an address removed'
run user add bo --email 'bo at home' && wrong 'a wrong address was taken'
run user add bo --email bo@example.org || wrong "user add ended with $?"
run user list --json
expect_json '[(u["username"], u["email"], u["maintains"]) for u in j]' \
  "[('carla', 'carla@example.org', ['demo']), ('ci', '', ['demo']), ('bo', 'bo@example.org', [])]" 'users'
run user add carla && wrong 'a user of the configuration was changed'
expect_text "'carla' stands in 'patchwork.users'" "$work/err" 'user add carla'
run user add 'no name' && wrong 'a name with a space was taken'
run token create --name t --owner stranger --scope write:checks || wrong "token create ended with $?"
expect_text "'stranger' is no user of Patchwork's API" "$work/err" 'a token of a stranger'
token() { # token OWNER SCOPE…: in a file that curl reads; never in an argument
  local owner=$1 words=()
  shift
  for scope in "$@"; do words+=(--scope "$scope"); done
  run token create --name test --owner "$owner" "${words[@]}" || wrong "token create ended with $?"
  if grep -q 'no user' "$work/err"; then wrong "$owner is no user"; fi
  printf 'Authorization: Token %s\n' "$(cat "$work/out")" >"$work/$owner"
}
token carla write:patches write:checks
token bo write:patches
token ci write:checks

# A tree, and a series for it that arrives while the service runs.
repo=$work/repo
git init -q "$repo"
git -C "$repo" config format.signature ''
seq 1 40 >"$repo/numbers"
git -C "$repo" add .
git -C "$repo" commit -qm 'numbers: up to forty'
for i in 1 2; do
  sed -i "$((i * 20))s/.*/line $i/" "$repo/numbers"
  git -C "$repo" commit -qam "numbers: say line $i" -m 'It reads better.' \
    -m 'Signed-off-by: Ada Author <ada@example.org>'
done
git -C "$repo" format-patch -q -2 --thread --cover-letter -o "$work/mails" \
  --add-header='List-Id: <linux-demo.example.org>'
git -C "$repo" reset -q --hard HEAD~2
sed -i 's/\*\*\* SUBJECT HERE \*\*\*/numbers: words/; s/\*\*\* BLURB HERE \*\*\*/Two of them./' "$work"/mails/0000*
for i in 0 1 2; do
  sed -i -e '1d' -e "s/^Message-Id: .*/Message-ID: <n$i@example.org>/i" \
    -e "s/^\(In-Reply-To\|References\): .*/\1: <n0@example.org>/" "$work"/mails/000"$i"*
done
cat >"$work/mails/review" <<'M'
From: Bo Reader <bo@example.org>
To: linux-demo@example.org
Subject: Re: [PATCH 1/2] numbers: say line 1
Date: Mon, 2 Mar 2026 12:00:00 +0000
Message-ID: <review@example.org>
In-Reply-To: <n1@example.org>
List-Id: <linux-demo.example.org>

Nice.

Reviewed-by: Bo Reader <bo@example.org>
M

start "$mill"
case_of 'mails that arrive are there at once'
for mail in "$work"/mails/*; do deliver "$mail" "$mill/box"; done
arrived() {
  api '/patches/?project=demo&msgid=n2@example.org' && [[ $(json 'len(j)') == 1 ]] &&
    api '/patches/?project=demo&msgid=n1@example.org' && [[ $(json 'len(j)') == 1 ]]
}
until_true 20 arrived || wrong 'the patches that were delivered do not come'
first=$(json 'j[0]["id"]')
series=$(json 'j[0]["series"][0]["id"]')
api '/patches/?msgid=n2@example.org'
second=$(json 'j[0]["id"]')
commented() { api "/patches/$first/comments/" && [[ $(json 'len(j)') == 1 ]]; }
until_true 20 commented || wrong 'no comment on the first patch'
api "/series/$series/"
expect_json '(j["received_all"], [p["id"] for p in j["patches"]], j["cover_letter"]["name"])' \
  "(True, [$first, $second], '[0/2] numbers: words')" 'the series'
api '/events/?project=demo&category=series-completed&order=-date&per_page=1'
expect_json 'j[0]["payload"]["series"]["id"]' "$series" 'the newest completed series'

case_of 'curl: paging, slashes, refusals'
expect_get 200 '/api/1.2/patches/?per_page=2&page=2&project=demo'
link=$(header Link)
[[ $link =~ ^\<[^\>]*page=3[^\>]*\>\;\ rel=\"next\",\ \<[^,]*\>\;\ rel=\"prev\",\ \<[^,]*\>\;\ rel=\"first\",\ \<[^,]*\>\;\ rel=\"last\"$ ]] ||
  fail "Link: $link"
grep -q '^Link: ' "$work/head" || fail 'Link is not spelled so'
expect_get 301 '/api/1.2/patches?project=demo'
expect_header Location '/api/1.2/patches/?project=demo'
expect_get 404 '/api/1.9/'
expect_get 200 '/api/1.2/patches/?project=nobody'
expect_json 'j' '[]' 'a project nobody knows'
expect_get 403 '/api/1.2/patches/' -H 'Authorization: Token 0123456789012345678901234567890123456789'
expect_json 'j["detail"]' 'Invalid token.' 'a wrong token'
expect_get 403 '/api/1.2/users/'
expect_json 'j["detail"]' 'Authentication credentials were not provided.' 'users without a token'
expect_get 403 "/api/1.2/patches/$first/" -X PATCH -d state=accepted
expect_json 'j["detail"]' 'Authentication credentials were not provided.' 'a change without a token'
expect_get 403 "/api/1.2/patches/$first/" -X PATCH -d state=accepted -H @"$work/bo"
expect_json 'j["detail"]' 'You do not have permission to perform this action.' 'a change by a stranger'
expect_get 403 "/api/1.2/patches/$first/" -X PATCH -d state=accepted -H @"$work/ci"
expect_json 'j["detail"]' "This token lacks the scope 'write:patches'." 'a change with a token for checks'
expect_get 400 "/api/1.2/patches/$first/" -X PATCH -d state=none -H @"$work/carla"
expect_get 405 '/api/1.2/events/' -X POST

case_of 'curl: downloads have a name'
attachment() { # attachment PATH NAME FIRST-LINE
  expect_get 200 "$1"
  expect_header Content-Disposition "attachment; filename=$2"
  expect_text "$3" "$work/out" "$1"
}
attachment '/project/demo/patch/n1@example.org/mbox/' 1-2-numbers-say-line-1.patch '^Reviewed-by: Bo Reader'
attachment '/project/demo/patch/n1@example.org/raw/' 1-2-numbers-say-line-1.diff '^diff --git a/numbers b/numbers'
attachment '/project/demo/cover/n0@example.org/mbox/' 0-2-numbers-words.mbox '^Two of them'
attachment "/series/$series/mbox/" numbers-words.patch '^From patchwork '
[[ $(grep -c '^From patchwork ' "$work/out") == 2 ]] || fail 'the mbox of the series has not two mails'
attachment '/project/demo/patch/n2@example.org/mbox/?series=*' 2-2-numbers-say-line-2.patch '^From patchwork '
[[ $(grep -c '^From patchwork ' "$work/out") == 2 ]] || fail 'series=* has not two mails'

case_of 'curl: checks, each alone and all together'
check() { # check STATE CONTEXT COMBINED
  expect_get 201 "/api/1.2/patches/$first/checks/" -H @"$work/ci" -d "state=$1" -d "context=$2" \
    -d target_url=https://ci.example.org/1 -d description=seen
  [[ $(header Location) == */patches/$first/checks/*/ ]] || fail "Location of a check: $(header Location)"
  api "/patches/$first/"
  expect_json 'j["check"]' "$3" "after $1 of $2"
}
check success build success
check warning style warning
check fail build fail
check success build warning
check pending boot warning
check success style pending
api "/patches/$first/checks/?context=build&order=-date&per_page=1"
expect_json '[(c["state"], c["user"]["username"]) for c in j]' "[('success', 'ci')]" 'the newest check'
expect_get 403 "/api/1.2/patches/$first/checks/" -d state=success
expect_get 400 "/api/1.2/patches/$first/checks/" -H @"$work/ci" -d context=build
expect_json 'j["state"]' "['A check must have a state.']" 'a check without a state'
expect_get 403 "/api/1.2/patches/$first/checks/" -H @"$work/bo" -d state=success

case_of 'no link in the JSON is dead'
for path in "/series/$series/" "/patches/$first/" '/covers/?msgid=n0@example.org' \
  "/patches/$first/comments/" '/patches/?per_page=250' '/covers/?per_page=250' '/series/?per_page=250'; do
  api "$path"
  json '"\n".join(sorted({o["web_url"] for o in (j if isinstance(j, list) else [j])}))' >"$work/links"
  while read -r link; do
    code=$(curl -sSL -o /dev/null -w '%{http_code}' -H 'Accept: text/html' "$link")
    [[ $code == 200 ]] || fail "$link: $code"
  done <"$work/links"
done
for page in "/project/demo/list/?series=$series" /project/demo/list/ /project/demo/ /project/ \
  '/project/demo/list/?state=*&archive=both&order=-date&page=1' /user/todo/ /user/carla/todo/; do
  expect_get 200 "$page" -L
done

cd "$repo"
git config pw.server "$url/api/1.2/"
git config pw.project demo
git config b4.pw-url "$url"
git config b4.pw-project demo
git config b4.pw-review-state under-review
git config b4.pw-accept-state accepted
git config b4.pw-discard-state rejected
git config b4.searchmask ''
git config b4.attestation-policy off
secret=$(sed 's/^Authorization: Token //' "$work/carla")
printf '[pw]\n\ttoken = %s\n[b4]\n\tpw-key = %s\n' "$secret" "$secret" >>.git/config
base=$(git rev-parse HEAD)
applied() { # applied WHAT: both patches are in the branch, which then is as it was
  [[ $(git log --format=%s "$base.." | tr '\n' '|') == 'numbers: say line 2|numbers: say line 1|' ]] ||
    fail "$1: $(git log --oneline "$base..")"
  git reset -q --hard "$base"
}

case_of 'git-pw: series'
expect 'numbers: words' git-pw series list
expect 'numbers: words' git-pw series list --limit 5 words
expect 'fs/proc: small files' git-pw series list --submitter tess@example.org
expect '2 of 2' git-pw series show "$series"
expect "$work/series.mbox" git-pw series download "$series" "$work/series.mbox"
expect 'Applying: numbers: say line 2' git-pw series apply "$series"
applied 'git-pw series apply'

case_of 'git-pw: patches'
expect 'numbers: say line 1' git-pw patch list --state new
expect 'numbers: say line 1' git-pw patch list --submitter ada@example.org numbers
expect 'n1@example.org' git-pw patch show "$first"
expect "$work/one.mbox" git-pw patch download "$first" "$work/one.mbox"
expect 'Applying: numbers: say line 1' git-pw patch apply "$first"
git log -1 --format=%b | grep -q '^Reviewed-by: Bo Reader' || fail 'the review is not in the commit'
git reset -q --hard "$base"
expect 'Applying: numbers: say line 2' git-pw patch apply "$second"
applied 'git-pw patch apply with what comes before'
expect 'changes-requested' git-pw patch update --state changes-requested --delegate carla --archived true \
  --commit-ref "$base" "$second"
api "/patches/$second/"
expect_json '(j["state"], j["delegate"]["username"], j["archived"], j["commit_ref"])' \
  "('changes-requested', 'carla', True, '$base')" 'what git-pw changed'
expect 'numbers: say line 2' git-pw patch list --delegate carla --state changes-requested --archived
git-pw patch list --state changes-requested >"$work/out" 2>&1
! grep -q 'numbers: say line 2' "$work/out" || fail 'an archived patch is listed'
api "/events/?category=patch-state-changed&patch=$second"
expect_json '[(e["actor"]["username"], e["payload"]["previous_state"], e["payload"]["current_state"]) for e in j]' \
  "[('carla', 'new', 'changes-requested')]" 'the event of the change'

case_of 'git-pw: bundles'
expect 'mine' git-pw bundle create mine "$first" "$second"
expect 'mine' git-pw bundle list
expect 'numbers: say line 2' git-pw bundle show mine
expect "$work/bundle.mbox" git-pw bundle download mine "$work/bundle.mbox"
[[ $(grep -c '^From patchwork ' "$work/bundle.mbox") == 2 ]] || fail 'the bundle has not two mails'
expect_get 404 '/bundle/carla/mine/mbox/'

case_of 'b4: states follow what is done'
expect 'Total patches: 2' b4 am -m "$work/series.mbox" --no-cache -o "$work" n2@example.org
expect_state "$first" under-review 'b4 am'
expect 'Applying: numbers: say line 2' b4 shazam -m "$work/series.mbox" --no-cache n1@example.org
[[ $(git log --format=%s "$base.." | wc -l) == 2 ]] || fail 'b4 shazam applied not both'
expect 'accepted' b4 ty -t 1 -o "$work/thanks"
expect_state "$first" accepted 'b4 ty'
git reset -q --hard "$base"
expect 'under-review' b4 am -m "$work/series.mbox" --no-cache -o "$work" "$url/project/demo/patch/n1@example.org/"
expect_state "$first" under-review 'b4 am by URL'
expect 'rejected' b4 ty -d 1
expect_state "$first" rejected 'b4 ty -d'
mkdir "$work/box"
expect '2 messages' b4 mbox -m "$work/series.mbox" -o "$work/box" "$url/project/demo/patch/n1@example.org/"
cd "$root"

case_of 'a section that contradicts what is there is a part of the health'
health() { get /healthz && [[ $(json 'j["parts"]["patchwork"]["state"]') == "$1" ]]; }
until_true 20 health ok || wrong 'the part is not ok'
cp "$mill/patchmill.yaml" "$work/good"
printf '  states: [{name: Accepted, id: 77}]\n' >>"$mill/patchmill.yaml"
kill -HUP "$background"
until_true 20 health degraded || wrong 'no word of it'
expect_text "the state 'accepted' has the id 3 already" "$work/out" 'health'
sleep 6 # longer than the registry looks again
health degraded || wrong 'it was forgotten'
expect_get 200 /health/ -H 'Accept: text/html'
expect_text 'has the id 3 already' "$work/out" 'the page of health'
api "/patches/$first/"
run import "$work/mails/review" && wrong 'import beside the service'
cp "$work/good" "$mill/patchmill.yaml"
kill -HUP "$background"
until_true 20 health ok || wrong 'it is not mended'
stop

conclude

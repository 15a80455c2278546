#!/usr/bin/env bash
# What operators do: status, retry and cancel, pause, tokens, backup, restore, prune, doctor.
# Wants PATCHMILL_BIN. Prints each case; exits 1 when one fails.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
source tests/system/lib.sh
need git python3
begin

git init -q "$work/widget"
cd "$work/widget" || exit 1
printf 'int add(int a, int b)\n{\n\treturn a + b;\n}\n' >widget.c
git add . && git commit -qm 'widget: first version' -m 'Signed-off-by: Ada Author <ada@example.org>'
git checkout -q -b work
for i in 1 2 3; do
  echo "/* $i */" >>widget.c
  git commit -qam "widget: remark $i" -m 'For readers.' -m 'Signed-off-by: Ada Author <ada@example.org>'
  git format-patch -q --stdout -1 >"$work/$i.mbox"
done
cat >"$work/patchmill.yaml" <<'Y'
data: data
trees:
  - name: widget
    url: widget
    branch: main
jobs:
  - name: hello
    command: [echo, hello]
checks:
  disable: [cc-maintainers, checkpatch]
retention:
  artifacts: 10d
Y
cd "$work" || exit 1
export PATCHMILL_CONFIG=$work/patchmill.yaml

case_of "status of an empty data folder"
run status; expect_status 0 $? "status"
expect_text 'has never run' "$work/out" "status"
run import "$work/1.mbox" "$work/2.mbox" "$work/3.mbox"; expect_status 0 $? "import"
run status --json; expect_status 0 $? "status --json"
expect_json "j['series']['untested']" 3 "status --json"
expect_json "j['service']['running']" False "status --json"
run run; [ $? -le 1 ] || wrong "run"
run status --disk; expect_status 0 $? "status --disk"
expect_text 'series .*not tested yet' "$work/out" "status"
expect_text 'tree +widget: fetched' "$work/out" "status"
expect_text 'blobs' "$work/out" "status --disk"
run status --events nine; expect_status 2 $? "status --events nine"
run status --data "$work/typo"; expect_status 2 $? "status of no data folder"
[ ! -e "$work/typo" ] || wrong "status made a data folder"

case_of "retry and cancel: rows for whoever runs next"
run retry; expect_status 2 $? "retry of nothing"
run retry 1 2 --reason 'new compiler'; expect_status 0 $? "retry"
expect_text 'serve. runs next' "$work/out" "retry"
node=$("$bin" show series 1 --json | grep -oE '"id":[0-9]+' | head -1 | cut -d: -f2)
run cancel --node "$node" --json; expect_status 0 $? "cancel --node"
expect_json "j[0]['kind']" cancel-node "cancel --node"
run cancel 3; expect_status 0 $? "cancel of nothing"
expect_text '^cancel-series 3: nothing of it is waiting or running$' "$work/out" "cancel of nothing"
run cancel 3 --json; expect_status 0 $? "cancel of nothing, JSON"
expect_json "j[0]['id'], j[0]['note']" "(None, 'nothing of it is waiting or running')" "cancel of nothing, JSON"
run cancel --node 999999; expect_status 2 $? "cancel of an unknown node"
run retry 99; expect_status 2 $? "retry of an unknown series"
run retry 1 --node 999999; expect_status 2 $? "retry of an unknown node"
expect_text 'no node 999999' "$work/err" "retry of an unknown node"
run status --json
expect_json "[r['kind'] for r in j['requests']]" "['retry-series', 'retry-series', 'cancel-node']" "requests"
run log --after 0 --limit 1000
expect_text 'retry-requested series 1 .*new compiler' "$work/out" "the event"

case_of "pause and resume"
run resume; expect_status 0 $? "resume of nothing"
run pause --tree wigdet; expect_status 0 $? "pause of a slip"
expect_text "did you mean 'widget'" "$work/err" "pause of a slip"
run pause --reason "$(printf 'disk \033[31m moves')"; expect_status 0 $? "pause"
run status; expect_text 'paused +all by' "$work/out" "paused"
if grep -q "$(printf '\033')" "$work/out"; then wrong "an escape reached the terminal"; fi
run resume; expect_status 2 $? "resume with two standing"
run resume --tree nothing; expect_status 2 $? "resume of what is not paused"
run resume --all; expect_status 0 $? "resume --all"
expect_text 'nothing is paused' "$work/out" "resume --all"

case_of "token: shown once, listed, revoked"
run token; expect_status 2 $? "token"
run token create --scope read; expect_status 2 $? "token without a name"
run token create --name x; expect_status 2 $? "token without a scope"
run token create --name x --scope raed; expect_status 2 $? "token with a slip"
expect_text "did you mean 'read'" "$work/err" "token with a slip"
run token create --name x --scope read --expires soon; expect_status 2 $? "token with a wrong time"
run token create --name x --scope read --expires 90; expect_status 2 $? "token with a time without its unit"
run token create --name dashboard --owner ann --scope read,write:retry --expires 90d; expect_status 0 $? "token create"
secret=$(cat "$work/out")
[[ $secret =~ ^pm_[0-9A-Za-z]{43}$ ]] || wrong "the secret is not alone on standard output"
run token list; expect_status 0 $? "token list"
expect_text 'valid for (89|90) days .*ann .*read,write:retry' "$work/out" "token list"
if grep -rqF "${secret#pm_}" "$work/data"; then wrong "the secret is in the data folder"; fi
run token list --json
id=$(json "j[0]['id']")
run token revoke "$id"; expect_status 0 $? "token revoke"
run token list; expect_text "$id +revoked" "$work/out" "token revoke"
run token revoke nothing; expect_status 2 $? "revoke of nothing"

case_of "backup and restore"
"$bin" show series --json >"$work/before.json"
run backup "$work/backup"; expect_status 0 $? "backup"
run restore --verify "$work/backup"; expect_status 0 $? "restore --verify"
run restore "$work/backup"; expect_status 2 $? "restore over a store"
expect_text '\-\-force' "$work/err" "restore over a store"
run restore "$work/backup" --data "$work/other"; expect_status 0 $? "restore elsewhere"
"$bin" show series --json --data "$work/other" >"$work/after.json"
cmp -s "$work/before.json" "$work/after.json" || wrong "series differ after a restore"
run status --data "$work/other"; expect_text 'paused +all by restore' "$work/out" "restored"
run backup "$work/b.tar.zst" --json; expect_status 0 $? "backup into a file"
run restore --verify "$work/b.tar.zst"; expect_status 0 $? "verify a file"
ls "$work"/.patchmill-* >/dev/null 2>&1 && wrong "left-overs of packing"
blob=$(find "$work/backup/blobs" -type f -size +0 | head -1)
cp "$blob" "$work/copy" && rm "$blob" && { cat "$work/copy"; echo damage; } >"$blob"
run restore --verify "$work/backup"; expect_status 2 $? "a damaged backup"
expect_text 'is damaged' "$work/err" "a damaged backup"
run backup "$work/widget"; expect_status 2 $? "backup into a checkout"
run backup "$work/data/backup"; expect_status 2 $? "backup into the data folder"

case_of "backup: killed at any moment, the folder holds a whole backup or none"
python3 - "$work/data" <<'P'
import hashlib, os, sqlite3, sys
data = sys.argv[1]
store = sqlite3.connect(data + "/store.sqlite")
for i in range(3000):
    content = b"log %d\n" % i
    name = hashlib.sha256(content).hexdigest()
    os.makedirs(f"{data}/blobs/{name[:2]}", exist_ok=True)
    open(f"{data}/blobs/{name[:2]}/{name[2:]}", "wb").write(content)
    store.execute("INSERT INTO node_artifacts VALUES (?, ?, 'extra', ?, ?)", (1, 100 + i, name, len(content)))
store.commit()
P
whole=0 none=0
for ms in 002 010 020 030 050 080 120 200 300 600; do
  for folder in fresh again; do
    [ $folder = again ] || rm -rf "$work/killed"
    "$bin" backup -q "$work/killed" >/dev/null 2>&1 &
    pid=$!
    sleep "0.$ms"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ -e "$work/killed/manifest.json" ]; then
      whole=$((whole + 1))
      run restore --verify "$work/killed"; expect_status 0 $? "killed after $ms ms: a manifest, but"
    else
      none=$((none + 1))
      run restore --verify "$work/killed"; expect_status 2 $? "killed after $ms ms: no manifest, but"
    fi
  done
done
echo "   killed 20 times: $whole whole, $none none"
run backup "$work/killed"; expect_status 0 $? "backup after all that"
run restore "$work/killed" --data "$work/third"; expect_status 0 $? "restore after all that"

case_of "restore: killed, the store is the old one, none, or the restored one"
for ms in 010 040 080 150 300; do
  rm -rf "$work/half"
  "$bin" restore -q "$work/killed" --data "$work/half" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$ms"
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
  if [ -e "$work/half/store.sqlite" ]; then
    "$bin" show series --json --data "$work/half" >"$work/after.json"
    cmp -s "$work/before.json" "$work/after.json" || wrong "killed after $ms ms: another store"
  fi
  run restore --force "$work/killed" --data "$work/half"; expect_status 0 $? "restore again after $ms ms"
done

case_of "prune"
run prune --dry-run --json; expect_status 0 $? "prune --dry-run"
expect_json "j['artifacts']" 0 "prune --dry-run"
python3 - "$work/data" <<'P'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1] + "/store.sqlite")
store.execute("UPDATE nodes SET created = created - 20*86400*1000000, finished = finished - 20*86400*1000000")
store.commit()
P
find "$work/data/blobs" -type f -exec touch -d '3 days ago' {} +
run prune --dry-run --json
[ "$(json "j['artifacts']")" -ge 3000 ] || wrong "prune --dry-run finds nothing"
run prune --json; expect_status 0 $? "prune"
[ "$(json "j['files']")" -ge 3000 ] || wrong "prune removed no files"
"$bin" show series --json >"$work/after.json"
cmp -s "$work/before.json" "$work/after.json" || wrong "series differ after prune"
run backup "$work/backup2"; expect_status 0 $? "backup after prune: nothing is missing"

case_of "status: what needs a person"
python3 - "$work/data" <<'P'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1] + "/store.sqlite")
store.execute("INSERT INTO report_mails (key, thread, msgid, verdict, template, subject, sender, content, state, reason, attempt, outbox_runs, not_before, created) VALUES ('k','','m@x','fail','t','s','f',x'00',4,'',0,0,0,0)")
store.commit()
P
run status; expect_status 3 $? "a mail in doubt"
expect_text 'needs you.*1 mail' "$work/out" "a mail in doubt"

case_of "status: a service that cannot write is not taken for a dead one"
python3 - "$work/data" <<'P'
import sqlite3, sys, time
store = sqlite3.connect(sys.argv[1] + "/store.sqlite")
then = int((time.time() - 600) * 1e6)
store.execute("INSERT INTO service_health (part, item, state, since, seen, message, todo) VALUES ('service', '', 'ok', ?, ?, '', '')", (then, then))
store.commit()
P
python3 - "$work/data/run.lock" "$bin" status >"$work/out" 2>"$work/err" <<'P'
import fcntl, struct, subprocess, sys
lock = open(sys.argv[1], "a")
F_OFD_SETLK = 37
fcntl.fcntl(lock, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
sys.exit(subprocess.run(sys.argv[2:]).returncode)
P
expect_status 3 $? "a silent service"
expect_text 'service +runs, but has written nothing into the store for 10 min' "$work/out" "a silent service"
run status; expect_text 'does not run' "$work/out" "a dead service"

case_of "doctor: what the service needs"
printf 'http:\n  listen: ["127.0.0.1:1"]\nlog:\n  file: /nonexistent/x.log\n' >"$work/bad.yaml"
run doctor -c "$work/bad.yaml" --json
expect_status 3 $? "doctor"
expect_json "[i['health'] for i in j if i['what'] == 'log']" "['broken']" "doctor: log"
expect_json "len([i for i in j if i['health'] != 'good' and not i['mend'] and i['what'] != 'inotify'])" 0 "doctor: what mends it"

conclude

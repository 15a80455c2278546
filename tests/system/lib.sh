#!/usr/bin/env bash
# What the system tests share. They source it from the project's folder, check what they `need`,
# and `begin`.
# shellcheck disable=SC2034  # used by those who source it

root=$PWD
bin=${PATCHMILL_BIN:?name the patchmill program in PATCHMILL_BIN}
bad=0         # 1 once something was not as expected
background='' # the process beside the test, killed when it ends

need() { # need TOOL…: without one of them the test cannot run here
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
  done
}
begin() { # a folder $work for this test alone, with a home in which Ada Author uses git
  work=$(mktemp -d)
  trap end EXIT
  chmod 755 "$work"
  export HOME=$work/home XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/share
  export GIT_CONFIG_NOSYSTEM=1
  export GIT_AUTHOR_DATE='2026-03-01T10:00:00Z' GIT_COMMITTER_DATE='2026-03-01T10:00:00Z'
  unset XDG_CONFIG_HOME PATCHMILL_DATA PATCHMILL_CONFIG PATCHMILL_CACHE SUDO_UID
  mkdir -p "$HOME"
  git config --global user.name 'Ada Author'
  git config --global user.email ada@example.org
  git config --global init.defaultBranch main
}
end() {
  [[ -z $background ]] || kill -9 "$background" 2>/dev/null || true
  [[ -z $background ]] || wait "$background" 2>/dev/null || true
  rm -rf "$work"
}
conclude() { # the last line of every test
  ((bad != 0)) || echo "$(basename "$0" _test.sh): all cases passed"
  exit "$bad"
}

case_of() { printf -- '-- %s\n' "$1"; }
fail() { echo "FAIL: $*"; bad=1; }
wrong() { # fail, with what `run` printed
  fail "$@"
  sed 's/^/   | /' "$work/out" "$work/err" 2>/dev/null || true
}
run() { "$bin" "$@" >"$work/out" 2>"$work/err" </dev/null; }
expect_status() { # expect_status WANTED GOT WHAT
  [[ $1 == "$2" ]] || wrong "$3: exit status $2, expected $1"
}
expect_text() { # expect_text PATTERN FILE WHAT
  grep -qE -- "$1" "$2" || { fail "$3: no '$1' in:"; sed 's/^/   | /' "$2"; }
}
json() { # json EXPRESSION: of Python, over `j`, the JSON that `run` printed
  python3 -c 'import json,sys; j=json.load(open(sys.argv[2])); print(eval(sys.argv[1]))' "$1" "$work/out"
}
expect_json() { # expect_json EXPRESSION WANTED WHAT
  local got
  got=$(json "$1" 2>&1) || true
  [[ $got == "$2" ]] || wrong "$3: $1 is $got, expected $2"
}
until_true() { # until_true SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

start() { # start FOLDER [NAME=VALUE…]: FOLDER/patchmill.yaml as $background, its pages at $url
  export PATCHMILL_CONFIG=$1/patchmill.yaml
  : >"$1/out"
  env "${@:2}" "$bin" serve >"$1/out" 2>>"$1/log" </dev/null &
  background=$!
  for _ in $(seq 600); do
    url=$(sed -n 's/^patchmill is at work; pages: //p' "$1/out")
    [[ -z $url ]] || return 0
    kill -0 "$background" 2>/dev/null || break
    sleep 0.05
  done
  cat "$1/log"
  fail 'the service did not start'
  exit 1
}
stop() {
  kill -TERM "$background"
  wait "$background" 2>/dev/null || true
  background=
}
deliver() { # deliver MAIL MAILDIR, as delivery programs do it
  local name
  name=$(basename "$1")
  cp "$1" "$2/tmp/$name"
  mv "$2/tmp/$name" "$2/new/$name"
}
count_passed() { # count_passed N: that many series have the verdict pass
  [[ $("$bin" show series --json 2>/dev/null | grep -o '"verdict":"pass"' | wc -l) == "$1" ]]
}

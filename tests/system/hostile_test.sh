#!/usr/bin/env bash
# The hostile sample list: every series gets its verdict, patchmill stays up, the host is untouched.
# Wants PATCHMILL_BIN. 77: there is no sandbox here.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/system/lib.sh
need bwrap git perl
begin
export PATCHMILL_CONFIG=$work/list/patchmill.yaml
mkdir "$HOME/.ssh"

# Open to everybody: only the sandbox stands before it.
canary=$work/canary
mkdir "$canary"
echo 'the canary is alive 4c1f' > "$canary/secret"
chmod 777 "$canary"
chmod 666 "$canary/secret"
touch "$work/before"

# Whoever reaches it has left the sandbox's network.
perl -MIO::Socket::INET -e '
  $| = 1;
  my $socket = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 0) or die;
  print $socket->sockport, "\n";
  while (my $peer = $socket->accept) { open my $mark, ">", $ARGV[0]; close $peer }
' "$work/reached" > "$work/port" &
background=$!
for _ in $(seq 100); do
  [[ -s $work/port ]] && break
  sleep 0.05
done

port=$(cat "$work/port")
examples/hostile/generate.pl "$work/list" "$canary" "$port"
cd "$work/list"
patchmill() { "$bin" "$@" < /dev/null; }

expect_alive() { # expect_alive STATUS WHAT: it ended by itself, with a verdict or none
  case $1 in
    0 | 1 | 3) ;;
    *) fail "$2 ended with $1" ;;
  esac
}
status=0
patchmill import hostile.mbox > import.out 2>&1 || status=$?
[[ $status == 0 ]] || { fail "import ended with $status"; cat import.out; }
status=0
patchmill run > run.out 2>&1 || status=$?
expect_alive "$status" "run"
patchmill show series --json > series.json
"$root/script/lib/expect.pl" "$root/examples/hostile/expected.tsv" series.json || bad=1

# What cannot be used is kept with its reason, and nothing else is.
patchmill show messages --json > messages.json
perl -MJSON::PP -e '
  open my $json, "<:raw", $ARGV[1] or die; open my $table, "<", $ARGV[0] or die;
  my %reason = map { $_->{msgid} => $_->{reason} } @{decode_json(do { local $/; <$json> })->{unusable}};
  my $bad = 0;
  while (<$table>) {
    next if /^#/;
    chomp(my ($msgid, $wanted) = split /\t/);
    my $got = delete $reason{$msgid} // delete $reason{"<$msgid>"} // "not among them";
    next if $got =~ /$wanted/;
    print "FAIL: unusable $msgid: $got; wanted /$wanted/\n";
    $bad = 1;
  }
  print "FAIL: unusable as well: $_: $reason{$_}\n" for sort keys %reason;
  exit($bad || %reason ? 1 : 0);
' "$root/examples/hostile/unusable.tsv" messages.json || bad=1

# A second import brings nothing new.
patchmill import hostile.mbox >> import.out 2>&1 || fail "the second import failed"
patchmill show series --json > again.json
cmp -s series.json again.json || fail "a second import changed the series"

# What people look at does not steer their terminal.
patchmill show series > shown.out 2>&1 || fail "show series failed"
patchmill show messages >> shown.out 2>&1 || fail "show messages failed"
for number in $(perl -MJSON::PP -0777 -ne 'print "$_->{number}\n" for @{decode_json($_)}' series.json); do
  status=0
  patchmill show series "$number" >> shown.out 2>&1 || status=$?
  expect_alive "$status" "show series $number"
done
for node in $(perl -MJSON::PP -0777 -ne 'print "$_->{number}\n" for @{decode_json($_)}' series.json |
  while read -r number; do patchmill show series "$number" --json 2> /dev/null || true; done |
  perl -0777 -ne 'while (/"id":(\d+)[^{}]*?"name":"build"/g) { print "$1\n" }'); do
  patchmill log "$node" >> shown.out 2>&1 || true
done
for text in import.out run.out shown.out; do
  if LC_ALL=C grep -qP '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]' "$text"; then
    fail "$text has control characters: $(LC_ALL=C grep -aP -m1 '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]' "$text" | cat -v | cut -c1-200)"
  fi
done

# The host.
[[ $(cat "$canary/secret" 2> /dev/null) == 'the canary is alive 4c1f' ]] || fail "the canary is dead"
[[ $(ls -A "$canary") == secret ]] || fail "the canary has company: $(ls -A "$canary")"
[[ -z $(ls -A "$HOME/.ssh") ]] || fail "somebody wrote to ~/.ssh"
[[ ! -e $work/reached ]] || fail "a job reached the network"
for place in /etc /usr /var /tmp "$work" "$work/list" "$work/list/data" "$root"; do
  [[ ! -e $place/patchmill-hostile ]] || fail "$place/patchmill-hostile was written"
done
if grep -rqa 'canary is alive' "$work/list/data" shown.out; then
  fail "the canary's secret was read: $(grep -rla 'canary is alive' "$work/list/data" shown.out | head -n3 | tr '\n' ' ')"
fi
for _ in 1 2 3 4 5; do
  survivors=$(pgrep -f "sleep 9876[0-9]*${port}[0-9]\$" || true)
  [[ -n $survivors ]] || break
  sleep 0.2
done
if [[ -n $survivors ]]; then
  fail "processes survived: $survivors"
  # shellcheck disable=SC2086  # one word a process
  kill -9 $survivors || true
fi
conclude

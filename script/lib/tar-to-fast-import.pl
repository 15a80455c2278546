#!/usr/bin/perl
# Turns a tar archive (stdin) into one commit for `git fast-import` (stdout), without touching the disk.
#
#   xz -dc linux-source-6.1.tar.xz | tar-to-fast-import.pl --ref REF --date SECONDS \
#       --name NAME --email EMAIL --message TEXT [--cut-ignore] | git fast-import
#
# The first folder of every path is dropped, modes become git's three, folders vanish: the commit
# is the same wherever it is made. --cut-ignore ends the top .gitignore before a line "/*":
# Debian's sources ship one that ignores everything.
use strict;
use warnings;
use Getopt::Long;

my %option = (ref => 'refs/heads/master');
GetOptions(\%option, 'ref=s', 'date=i', 'name=s', 'email=s', 'message=s', 'cut-ignore')
    or die "see the head of $0\n";
defined $option{$_} or die "$0: --$_ is missing\n" for qw(date name email message);

binmode STDIN;
binmode STDOUT;

sub read_bytes {
    my ($wanted) = @_;
    my $bytes = '';
    while (length($bytes) < $wanted) {
        my $got = read(STDIN, $bytes, $wanted - length $bytes, length $bytes);
        die "$0: reading the archive: $!\n" unless defined $got;
        die "$0: the archive ends early\n" unless $got;
    }
    return $bytes;
}

sub read_member {
    my ($size) = @_;
    my $bytes = read_bytes($size);
    my $padding = -$size % 512;
    read_bytes($padding) if $padding;
    return $bytes;
}

sub quoted {
    my ($path) = @_;
    return $path unless $path =~ /^"|\n/;
    $path =~ s/([\\"])/\\$1/g;
    $path =~ s/\n/\\n/g;
    return "\"$path\"";
}

my $who = "$option{name} <$option{email}> $option{date} +0000";
my $message = "$option{message}\n";
print "commit $option{ref}\nauthor $who\ncommitter $who\ndata ", length $message, "\n$message\n";

my ($long_name, $long_link);
while (1) {
    my $header = read_bytes(512);
    last if $header =~ /^\0+$/;
    my ($name, $mode, $size, $sum, $type, $link, $magic, $prefix) =
        unpack 'Z100 Z8 x16 Z12 x12 Z8 a1 Z100 a6 x74 Z155', $header;
    my $check = $header;
    substr($check, 148, 8) = ' ' x 8;
    die "$0: not a tar header\n" unless oct($sum =~ s/[^0-7]//gr) == unpack '%32C*', $check;
    $size = oct $size =~ s/[^0-7]//gr;
    $mode = oct $mode =~ s/[^0-7]//gr;
    if ($type eq 'L' or $type eq 'K' or $type eq 'x' or $type eq 'g') {
        my $text = read_member($size);
        if ($type eq 'L') { $long_name = $text =~ s/\0.*//sr }
        if ($type eq 'K') { $long_link = $text =~ s/\0.*//sr }
        if ($type eq 'x') {
            $long_name = $1 if $text =~ /^\d+ path=([^\n]*)$/m;
            $long_link = $1 if $text =~ /^\d+ linkpath=([^\n]*)$/m;
        }
        next;
    }
    $name = "$prefix/$name" if $prefix ne '' and $magic eq "ustar\0";
    $name = $long_name if defined $long_name;
    $link = $long_link if defined $long_link;
    ($long_name, $long_link) = ();
    $name =~ s{^(?:\./)?[^/]+/}{};
    if ($type eq '5' or $name eq '') {
        next;
    } elsif ($type eq '2') {
        print 'M 120000 inline ', quoted($name), "\ndata ", length $link, "\n$link\n";
    } elsif ($type eq '0' or $type eq "\0") {
        my $content = read_member($size);
        $content =~ s{(?:^#[^\n]*\n)*^/\*\n.*}{}ms if $option{'cut-ignore'} and $name eq '.gitignore';
        print 'M ', ($mode & 0100 ? '100755' : '100644'), ' inline ', quoted($name),
            "\ndata ", length $content, "\n";
        print $content, "\n";
    } else {
        die "$0: $name: members of type '$type' are not supported\n";
    }
}
# A pipe full of padding would kill the decompressor.
1 while read STDIN, my $rest, 65536;

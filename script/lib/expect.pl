#!/usr/bin/perl
# Compares what `patchmill show series --json` says with what it must say, and prints it as a table.
#
#   expect.pl EXPECTED.tsv SERIES.json
#
# EXPECTED.tsv: message-id of a patch that is new in the series, version, verdict (words with |
# between them), regular expression for the reason, what the series shows. Version "-": no series may
# come of this mail; "?": one may or may not, of any version. Exit status 1 if anything differs.
use strict;
use warnings;
use JSON::PP;
use open qw(:std :encoding(UTF-8));

@ARGV == 2 or die "usage: $0 EXPECTED.tsv SERIES.json\n";
my ($expected_file, $series_file) = @ARGV;
open my $json, '<:raw', $series_file or die "$0: $series_file: $!\n";
my $series = decode_json(do { local $/; <$json> });

my %by_patch;
for my $one (@$series) {
    for my $patch (@{$one->{patches}}) {
        next if $patch->{carried_over};
        $by_patch{$patch->{msgid}} = $one;
    }
}

# Nothing of a mail may steer the terminal.
sub printable {
    my ($text) = @_;
    $text =~ s/[\x00-\x1f\x7f-\x9f\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]/?/g;
    return $text;
}

my %color = -t STDOUT && !defined $ENV{NO_COLOR}
    ? (pass => "\e[32m", warning => "\e[33m", fail => "\e[31m", incomplete => "\e[35m", skip => "\e[36m")
    : ();
my ($differ, $lines, %seen) = (0, 0);
printf "%-10s  %-58s %s\n", 'VERDICT', 'SERIES', 'REASON';
open my $expected, '<', $expected_file or die "$0: $expected_file: $!\n";
while (<$expected>) {
    chomp;
    next if /^(#|$)/;
    my ($msgid, $version, $verdict, $reason, $about) = split /\t/;
    ++$lines;
    my $one = $by_patch{"<$msgid>"};
    my @problems;
    if (!$one and $version =~ /^[-?]$/) {
        next;
    } elsif ($version eq '-') {
        push @problems, "no series was wanted of <$msgid>";
    } elsif (!$one) {
        print "missing     <$msgid>: $about\n";
        ++$differ;
        next;
    }
    $seen{$one->{number}} = 1;
    my $name = printable($one->{name} // '(no name)');
    $name = "v$one->{version} $name" if $one->{version} > 1;
    $name = substr($name, 0, 57) . "\x{2026}" if length $name > 58;
    my ($got, $why) = (printable($one->{verdict} // 'none'), printable($one->{reason} // ''));
    printf "%s%-10s%s  %-58s %s\n", $color{$got} // '', $got, $color{$got} ? "\e[0m" : '', $name, $why;
    if ($version ne '-') {
        push @problems, "version $version wanted" if $version ne '?' and $version ne $one->{version};
        push @problems, "verdict $verdict wanted" unless grep { $_ eq $got } split /\|/, $verdict;
        push @problems, "a reason like /$reason/ wanted" unless $why =~ /$reason/;
    }
    if (@problems) {
        ++$differ;
        print "            ^ WRONG ($about): ", join('; ', @problems), "\n";
    }
}
for my $one (@$series) {
    next if $seen{$one->{number}};
    ++$differ;
    print "unexpected  series $one->{number}: ", printable($one->{name} // '(no name)'), ': ',
        printable($one->{verdict} // 'none'), ' ', printable($one->{reason} // ''), "\n";
}
print "\n", $differ ? "$differ of $lines are not as they must be\n" : "all $lines are as they must be\n";
exit($differ ? 1 : 0);

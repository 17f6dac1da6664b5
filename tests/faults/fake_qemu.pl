#!/usr/bin/perl
# A VMM whose guest's agent does what the lines behind this script say: connects as QEMU does, with the token that its kernel would have been
# given, and talks. It has no QMP, no guest and no logs.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($path) = map { /^socket,.*path=([^,]*agent\.sock)/ ? $1 : () } @ARGV;
my ($token) = map { /berth\.token=(\w+)/ ? $1 : () } @ARGV;
my $agent = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
$agent->autoflush(1);

# Done in turn: a line is sent, and @ begins a command.
while (my $step = <DATA>) {
    chomp $step;
    if    ($step eq '@hello') { print $agent "hello $token agent\n" }
    elsif ($step eq '@asked') { while (<$agent>) { last if /^exec$/ } }
    elsif ($step eq '@close') { close $agent }
    elsif ($step eq '@sleep') { sleep 1000 }
    elsif ($step eq '@flood') { print $agent 'x' x 65536 for 1 .. 200 }
    elsif ($step =~ /^\@exit (\d+)$/) { exit $1 }
    elsif ($step =~ /^\@kill (\w+)$/) { kill $1, $$ }
    elsif ($step =~ /^\@bytes (\w+)$/) { print $agent pack('H*', $1) }
    elsif ($step =~ /^\@slow (.*)$/) { for (split //, "$1\n") { print $agent $_; select undef, undef, undef, 0.01 } }
    elsif ($step =~ /^\@half (.*)$/) { print $agent $1 }
    else                      { print $agent "$step\n" }
}
sleep 1000;
__DATA__

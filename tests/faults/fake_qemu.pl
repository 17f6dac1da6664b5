#!/usr/bin/perl
# A VMM whose guest's agent does what the lines behind this script say: it connects as QEMU does, with the token that
# its guest would have read when it was asked who it is, and talks. It speaks QMP only where it is told to, and has no guest and no logs.
use strict;
use warnings;
use IO::Socket::UNIX;

$SIG{PIPE} = "IGNORE";
my ($path)  = map { /^socket,.*path=([^,]*agent\.sock)/ ? $1 : () } @ARGV;
my ($qpath) = map { /^socket,.*path=([^,]*qmp\.sock)/   ? $1 : () } @ARGV;
my ($nonce) = map { /berth\.nonce=(\w+)/ ? $1 : () } @ARGV;
my ($identity) = map { /file=([^,]*\/identity)/ ? $1 : () } @ARGV;
my $token;
my ($name)  = grep { defined } map { $ARGV[$_] eq '-name' ? $ARGV[ $_ + 1 ] : undef } 0 .. $#ARGV;
$name =~ s/^guest=|,.*//g;

sub dial { my $socket = IO::Socket::UNIX->new(Peer => $_[0]) or die "$_[0]: $!"; $socket->autoflush(1); $socket }
my $agent = dial($path);
my $qmp;

sub hello {
    unless (defined $token) {
        print $agent "ready $nonce\n";
        while (<$agent>) { last if /^who $nonce$/ }
        open my $disk, '<', $identity or die "$identity: $!";
        chomp($token = <$disk>);
    }
    print $agent "hello $token agent\n";
}

sub negotiate {
    print $qmp qq({"QMP": {}}\n);
    <$qmp>;
    print $qmp qq({"return": {}}\n);
    <$qmp>;
    print $qmp qq({"return": {"name": "$name"}}\n);
}

# One that does not speak QMP is killed.
sub quit {
    sleep 1000 unless $qmp;
    while (<$qmp>) { print $qmp qq({"return": {}}\n) and exit 0 if /"quit"/ }
    sleep 1000;
}

# Done in turn: a line is sent, and @ begins a command.
while (my $step = <DATA>) {
    chomp $step;
    if    ($step eq '@hello') { hello() }
    elsif ($step eq '@asked') { while (<$agent>) { last if /^exec$/ } }
    elsif ($step eq '@quit')  { quit() }
    elsif ($step eq '@close') { close $agent }
    elsif ($step eq '@sleep') { sleep 1000 }
    elsif ($step eq '@flood') { print $agent 'x' x 65536 for 1 .. 200 }
    elsif ($step eq '@qmp')   { $qmp = dial($qpath); negotiate() }
    elsif ($step eq '@qmp-dial')  { $qmp = dial($qpath) }
    elsif ($step eq '@qmp-close') { close $qmp }
    elsif ($step eq '@qmp-flood') { print $qmp 'x' x 65536 for 1 .. 200 }
    elsif ($step =~ /^\@qmp (\d+) (.*)$/) { print $qmp "$2\n" for 1 .. $1 }
    elsif ($step =~ /^\@exit (\d+)$/) { exit $1 }
    elsif ($step =~ /^\@kill (\w+)$/) { kill $1, $$ }
    elsif ($step =~ /^\@bytes (\w+)$/) { print $agent pack('H*', $1) }
    elsif ($step =~ /^\@slow (.*)$/) { for (split //, "$1\n") { print $agent $_; select undef, undef, undef, 0.01 } }
    elsif ($step =~ /^\@half (.*)$/) { print $agent $1 }
    else                      { print $agent "$step\n" }
}
sleep 1000;
__DATA__

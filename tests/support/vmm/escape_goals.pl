# What stands open beside a jail: a socket of each kind, shared memory, and a process. Tells where they are, as the body
# of a hash, and waits for the end of its standard input.
use strict;
use warnings;
use Socket;

my ($folder) = @ARGV;
socket my $server, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
bind $server, pack_sockaddr_in(0, INADDR_LOOPBACK) or die "bind: $!";
my ($port) = unpack_sockaddr_in(getsockname $server);
my @sockets = map {
    socket my $socket, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!";
    bind $socket, pack_sockaddr_un($_) or die "bind: $!";
    $socket;
} "$folder/socket", "\0berth-test-$$";
listen $_, 5 or die "listen: $!" for $server, @sockets;
my $key = 0x62000000 | $$ & 0xffffff;
my $memory = shmget($key, 4096, 01666) // die "shmget: $!";

$| = 1;
print "port => $port, socket => '$folder/socket', abstract => 'berth-test-$$', sharedMemory => $key, process => $$\n";
<STDIN>;
shmctl $memory, 0, 0;

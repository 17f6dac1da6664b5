#!/usr/bin/perl
# Plays a VMM that its guest has broken out of: tries what it should not be able to do, and says into the job's stdout
# what it could. Started in QEMU's place, with QEMU's arguments; %host is what the test has put in its way.
use strict;
use warnings;
use Errno;
use Fcntl;
use Socket;

our %host;
my ($out) = map { /^file,append=on,path=(.*\/out),id=out$/ ? $1 : () } @ARGV;
my ($folder) = $out =~ m{(.*)/out$};
my ($kernel) = map { $ARGV[$_] eq '-kernel' ? $ARGV[$_ + 1] : () } 0 .. $#ARGV;
open my $report, '>>', $out or die "its own output: $!";
$SIG{XFSZ} = 'IGNORE';

my %try;    # each returns true when it could
my $page = "\0" x 4096;
sub call { my ($number, @args) = @_; $! = 0; return syscall($number, @args) != -1 }
sub opens { my ($path, $mode) = @_; return sysopen my $file, $path, $mode }
sub lists { my ($path) = @_; opendir(my $names, $path) or return; return grep { !/^\./ } readdir $names }
sub reaches { my ($family, $address) = @_; socket(my $end, $family, SOCK_STREAM, 0) or return; return connect $end, $address }
sub is_born { my ($pid) = @_; exit if $pid == 0; return $pid > 0 && waitpid $pid, 0 }
sub child { my $pid = fork // die "fork: $!"; return $pid if $pid; sleep 60; exit }
sub ended { my ($pid) = @_; kill KILL => $pid; waitpid $pid, 0 }

# The host's files, and other jobs'.
$try{'read the host\'s users'}       = sub { opens('/etc/passwd', O_RDONLY) };
$try{'see the host\'s processes'}    = sub { lists('/proc/1') };
$try{'read another job\'s output'}   = sub { opens($host{otherJob}, O_RDONLY) };
$try{'list the jobs'}                = sub { grep { $folder !~ m{/\Q$_\E$} } lists("$folder/..") };
$try{'list the images'}              = sub { lists($host{images}) };
$try{'read what berth knows'}        = sub { lists('/run/berth/self/host') };
$try{'write to its kernel'}          = sub { opens($kernel, O_WRONLY) };
$try{'write to the programs'}        = sub { opens('/usr/bin/berth-was-here', O_WRONLY | O_CREAT) && unlink '/usr/bin/berth-was-here' };
$try{'make a file in its folder'}    = sub { opens("$folder/more", O_WRONLY | O_CREAT) };
$try{'make a file anywhere'}         = sub { grep { opens("$_/more", O_WRONLY | O_CREAT) && unlink "$_/more" } '/', '/tmp', '/dev', '/dev/shm', '/run' };
# The link leads nowhere, and goes again: what is tried after it, as the host's root where there is no jail, is this file's.
$try{'put a link in a file\'s place'} = sub {
    rename("$folder/err", "$folder/moved") && symlink('/nowhere/at/all', "$folder/err") && unlink("$folder/err") && rename "$folder/moved", "$folder/err";
};
$try{'give its file to root'}        = sub { chown 0, 0, $out };
$try{'write without an end'}         = sub { truncate "$folder/err", $host{beyond} };
$try{'reach a file by its number'}   = sub { call(304, 0, $page, O_RDONLY) || $!{EFAULT} || $!{EBADF} || $!{ESTALE} || $!{EINVAL} };

# What berth's caller has open. Its own are the report, and the script that perl may still have.
my @others = grep { my $fd = $_; $fd != fileno $report && !(stat DATA and (stat _)[1] == ((stat_of($fd))[1] // 0)) } 3 .. 1023;
sub stat_of { my ($fd) = @_; open(my $file, '<&=', $_[0]) or return; return stat $file }
$try{'walk from a folder that berth\'s caller has open'} = sub { grep { call(257, $_, '..', O_RDONLY, 0) } @others };
$try{'read a file that berth\'s caller has open'} = sub { grep { my $byte = ' '; call(17, $_, $byte, 1, 0) } @others };
$try{'use a socket that berth\'s caller has open'} = sub { grep { call(48, $_, 2) } @others };

# Processes.
$try{'signal another process'}       = sub { kill 0, $host{process} };
$try{'signal the jail\'s own'}       = sub { kill 0, 1 };
$try{'trace a process'}              = sub { my $pid = child(); my $could = call(101, 16, $pid, 0, 0); ended($pid); $could };
$try{'read a process\'s memory'}     = sub { my $pid = child(); my $could = call(310, $pid, 0, 0, 0, 0, 0); ended($pid); $could };
$try{'find shared memory'}           = sub { shmget $host{sharedMemory}, 0, 0 };

# Who it is.
$try{'become root'}                  = sub { call(117, 0, 0, 0) };
$try{'become another VM\'s user'}    = sub { call(117, $> + 1, $> + 1, $> + 1) };
$try{'join a group'}                 = sub { call(116, 1, pack 'L', 0) };
$try{'take a capability'}            = sub { call(126, pack('LL', 0x20080522, 0), pack('L6', 1 << 21, 1 << 21, 0, 0, 0, 0)) };
$try{'raise a limit'}                = sub { call(160, 1, pack('QQ', ~0, ~0)) };
$try{'leave its group'}              = sub { grep { opens("$_/cgroup.procs", O_WRONLY) } '/sys/fs/cgroup', '/sys/fs/cgroup/unified' };
$try{'hurry'}                        = sub { call(141, 0, 0, -20 & 0xffffffff) };

# Namespaces and mounts.
for ([user => 0x10000000], [mount => 0x00020000], [network => 0x40000000], [process => 0x20000000]) {
    my ($name, $flag) = @$_;
    $try{"make a $name namespace"} = sub { call(272, $flag) };
}
$try{'be born in a namespace'}       = sub { is_born(syscall 56, 0x10000000 | 17, 0, 0, 0, 0) };
$try{'be born by clone3'}            = sub { my $how = pack 'Q8', 0x10000000, 0, 0, 0, 17, 0, 0, 0; is_born(syscall 435, $how, 64) };
$try{'mount'}                        = sub { call(165, 'x', '/tmp', 'tmpfs', 0, 0) };
$try{'unmount'}                      = sub { call(166, '/tmp', 2) };
$try{'mount the new way'}            = sub { call(430, 'tmpfs', 0) };
$try{'change its root'}              = sub { call(161, '/tmp') && chdir '/' };

# Devices.
$try{'make a disk\'s node'}          = sub { grep { call(133, "$_/disk", 0060600, $host{disk}) && unlink "$_/disk" } '/tmp', '/dev', $folder };
$try{'open KVM'}                     = sub { opens('/dev/kvm', O_RDWR) };
$try{'open the host\'s memory'}      = sub { opens('/dev/mem', O_RDONLY) || opens('/dev/port', O_RDONLY) };
$try{'open a disk'}                  = sub { grep { opens("/dev/$_", O_RDONLY) } qw(sda vda nvme0n1 loop0 loop-control) };

# Networks, and other VMs' sockets.
$try{'reach a server'} = sub { reaches(PF_INET, pack_sockaddr_in($host{port}, INADDR_LOOPBACK)) };
$try{'reach a socket by its path'} = sub { reaches(PF_UNIX, pack_sockaddr_un($host{socket})) };
$try{'reach a socket without a path'} = sub { reaches(PF_UNIX, pack_sockaddr_un("\0$host{abstract}")) };
$try{'make a pair of another family'} = sub { socketpair(my $one, my $other, PF_INET, SOCK_STREAM, 0) || $!{EOPNOTSUPP} };
for ([netlink => 16, 3, 0], [packet => 17, 3, 0], [vsock => 40, 1, 0], ['kernel crypto' => 38, 5, 0]) {
    my ($name, @family) = @$_;
    $try{"open a $name socket"} = sub { socket my $s, $family[0], $family[1], $family[2] };
}

# What the host has so much of.
$try{'fill the host with processes'} = sub {
    my @born;
    while (@born < $host{processes}) { defined(my $pid = fork) or last; $pid or sleep 60, exit; push @born, $pid }
    kill KILL => @born;
    waitpid $_, 0 for @born;
    return @born == $host{processes};
};
$try{'take the host\'s disk at once'} = sub { sysopen(my $file, "$folder/err", O_WRONLY) or return; call(285, fileno $file, 0, 0, 1 << 20) };
$try{'take the host\'s terminals'}    = sub { opens('/dev/ptmx', O_RDWR) };
$try{'take the host\'s queues'}       = sub { my $queue = pack 'Q', 0; call(206, 1, $queue) };
$try{'have its memory kept'}           = sub { `sh -c 'ulimit -Hc'` !~ /^[01]$/ };

# The kernel.
$try{'load a program into it'}       = sub { call(321, 5, $page, 4096) || $!{EINVAL} || $!{E2BIG} };
$try{'load a module'}                = sub { call(175, $page, 4096, '') || $!{ENOEXEC} };
$try{'load another kernel'}          = sub { call(320, -1, -1, 0, $page, 0) || $!{EBADF} };
$try{'watch its events'}             = sub { call(298, pack('LLQ13', 1, 112, 0, (0) x 12), 0, -1, -1, 0) };
$try{'handle its page faults'}       = sub { call(323, 0) };
$try{'use its keys'}                 = sub { call(250, 0, -3 & 0xffffffff, 1) };
$try{'use its rings'}                = sub { my $ring = "\0" x 120; call(425, 4, $ring) };
$try{'read its log'}                 = sub { call(103, 10, 0, 0) };
# Each would fail here for another reason as well, and is only then not there when the filter says so.
for (['open a tree the newest way' => 467, -100, '/', 0x80001, 0, 0], ['look at a mount' => 457, 0, 0, 0, 0],
    ['list the mounts' => 458, 0, 0, 0, 0], ['read its label' => 459, 100, 0, 0, 0], ['change its label' => 460, 100, 0, 0, 0],
    ['list the security modules' => 461, 0, 0, 0], ['see what others have read' => 451, -1, 0, 0, 0]) {
    my ($name, $number, @args) = @$_;
    $try{$name} = sub { call($number, @args) || !$!{ENOSYS} };
}
$try{'write out all disks'}          = sub { call(162) };
$try{'write out a disk'}             = sub { sysopen(my $file, "$folder/err", O_WRONLY) or return; call(306, fileno $file) };
$try{'go before others at disks'}    = sub { call(251, 1, 0, 2 << 13) };
$try{'name the host'}                = sub { call(170, 'berth', 5) };
$try{'call it in another ABI'}       = sub { call(0x40000000 | 39) };

for my $what (sort keys %try) {
    # What it does to itself is its own affair.
    my $pid = fork // die "fork: $!";
    exit !$try{$what}->() unless $pid;
    waitpid $pid, 0;
    syswrite $report, ($? ? 'could not' : 'could') . " $what\n";
}
# What is in the file is a job's only once its guest has said hello. It does, and hears what it is asked.
my ($agent) = map { /^socket,path=([^,]*agent[.]sock)/ ? $1 : () } @ARGV;
if (defined $agent) {
    my ($nonce) = map { /\bberth[.]nonce=(\S+)/ ? $1 : () } @ARGV;
    my ($identity) = map { /\bfile=([^,]*\/identity)/ ? $1 : () } @ARGV;
    socket(my $host, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
    connect $host, pack_sockaddr_un($agent) or die "agent: $!";
    syswrite $host, "ready $nonce\n";
    sysread $host, my $who, 64;
    open my $disk, '<', $identity or die "identity: $!";
    chomp(my $token = <$disk>);
    syswrite $host, "hello $token agent\n";
    sysread $host, my $asked, 1;
}
exit 3;

#!/usr/bin/perl
# Plays a tool that an archive has taken over: tries what it should not be able to do, and names on stdout what it could.
# Arguments: a folder that it may write into, a file that only root may read.
use strict;
use warnings;
use Errno;
use Fcntl;

my ($folder, $secret) = @ARGV;
my $page = "\0" x 4096;
sub call { my ($number, @args) = @_; $! = 0; return syscall($number, @args) != -1 }
# Not refused, but that what it was given is no good: the kernel has looked at it.
sub reached { my ($number, @args) = @_; return call($number, @args) || !($!{EPERM} || $!{ENOSYS}) }
sub apart { my ($flags) = @_; my $pid = fork // die "fork: $!"; exit(call(272, $flags) ? 1 : 0) unless $pid; waitpid $pid, 0; return $? }
my $USER = 0x10000000;

my @tries = (
  ['io_uring',             sub { reached(425, 4, $page) }],
  ['userfaultfd',          sub { call(323, 1) }],
  ['its user\'s keys',     sub { call(250, 0, -4, 1) }],
  ['new keys',             sub { reached(248, my $kind = 'user', my $name = 'berth', $page, 8, -3) }],
  ['netlink',              sub { call(41, 16, 3, 0) }],
  ['nfnetlink',            sub { call(41, 16, 3, 12) }],
  ['vsock',                sub { call(41, 40, 1, 0) }],
  ['packets',              sub { call(41, 17, 3, 0) }],
  ['the network',          sub { call(41, 2, 1, 0) }],
  ['a user namespace',     sub { apart($USER) }],
  ['a mount namespace',    sub { apart($USER | 0x00020000) }],
  ['a network namespace',  sub { apart($USER | 0x40000000) }],
  ['a cgroup namespace',   sub { apart($USER | 0x02000000) }],
  ['mount a cgroup tree',  sub { reached(165, my $none = 'none', my $to = '/tmp', my $kind = 'cgroup2', 0, 0) }],
  ['end its group',        sub { grep { sysopen my $file, "$_/cgroup.kill", O_WRONLY } glob '/sys/fs/cgroup /sys/fs/cgroup/* /tmp' }],
  ['a file by its number', sub { reached(304, 0, $page, O_RDONLY) }],
  ['trace',                sub { call(101, 0, 0, 0, 0) }],
  ['bpf',                  sub { reached(321, 0, $page, 8) }],
  ['perf',                 sub { reached(298, $page, 0, -1, -1, 0) }],
  ['a node',               sub { call(133, "$folder/node", 0020600, 0x0103) && unlink "$folder/node" }],
  ['become root',          sub { $> != 0 && call(117, 0, 0, 0) }],
  ['be root',              sub { $> == 0 }],
  ['read root\'s file',    sub { sysopen my $file, $secret, O_RDONLY }],
  ['write',                sub { sysopen my $file, "$folder/written", O_WRONLY | O_CREAT }],
);
print join(', ', map { $_->[1]->() ? $_->[0] : () } @tries), "\n";

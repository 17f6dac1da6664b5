# Counts the pages of a process's largest mapping by the cgroup that they are charged to.
# Prints a line for each: the group's inode number, and how many pages.
#
#   perl pages_of.pl PID
#
# /proc/PID/pagemap gives the page frames, /proc/kpagecgroup the inode of the group that each one is charged to
# (Documentation/admin-guide/mm/pagemap.rst).
use strict;
use warnings;

my $pid = shift;
my ($from, $to) = (0, 0);
open(my $maps, '<', "/proc/$pid/maps") or die "maps: $!";
while (<$maps>) {
  my ($first, $last) = /^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
  ($first, $last) = (hex $first, hex $last);
  ($from, $to) = ($first, $last) if $last - $first > $to - $from;
}
open(my $pagemap, '<:raw', "/proc/$pid/pagemap") or die "pagemap: $!";
open(my $groups, '<:raw', '/proc/kpagecgroup') or die "kpagecgroup: $!";
seek($pagemap, $from / 4096 * 8, 0);
read($pagemap, my $entries, ($to - $from) / 4096 * 8) or die "pagemap: $!";
my %pages;
for my $entry (unpack('Q*', $entries)) {
  next unless $entry >> 63;
  seek($groups, ($entry & ((1 << 55) - 1)) * 8, 0);
  read($groups, my $inode, 8) or die "kpagecgroup: $!";
  $pages{ unpack('Q', $inode) }++;
}
print "$_ $pages{$_}\n" for sort keys %pages;

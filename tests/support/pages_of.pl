# Counts the pages of a process's largest mapping by the cgroup that they are charged to.
# Prints a line for each: the group's inode number, and how many pages.
#
#   perl pages_of.pl PID
#
# /proc/PID/pagemap gives the page frames, /proc/kpagecgroup the inode of the group that each one is charged to
# (Documentation/admin-guide/mm/pagemap.rst). Of a huge page only the first page tells, the others say 0 (seen on Linux
# 6.1): /proc/kpageflags tells which those are, by bit 16 (COMPOUND_TAIL).
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
open(my $flags, '<:raw', '/proc/kpageflags') or die "kpageflags: $!";

# The number that a file of /proc has for a page frame.
sub number_of {
  my ($file, $frame) = @_;
  sysseek($file, $frame * 8, 0);
  sysread($file, my $number, 8) or die "frame $frame: $!";
  return unpack('Q', $number);
}

seek($pagemap, $from / 4096 * 8, 0);
read($pagemap, my $entries, ($to - $from) / 4096 * 8) or die "pagemap: $!";
my %pages;
# Neighbours in a huge page are neighbours in the mapping: the head of the last one is mostly the next one's.
my ($last, $head) = (-1, -1);
for my $entry (unpack('Q*', $entries)) {
  next unless $entry >> 63;
  my $frame = $entry & ((1 << 55) - 1);
  if (!(number_of($flags, $frame) >> 16 & 1)) {
    $head = $frame;
  } elsif ($frame != $last + 1) {
    $head = $frame;
    $head-- while number_of($flags, $head) >> 16 & 1;
  }
  $last = $frame;
  $pages{ number_of($groups, $head) }++;
}
print "$_ $pages{$_}\n" for sort keys %pages;

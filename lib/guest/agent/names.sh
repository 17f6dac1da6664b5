# What a container runtime gives a root file system before it runs something in it: a name, the files that go with it,
# and what a kernel of a server is set to.

# clear_names: makes way for them; the image's own lines stay known. What the image has of these files is no mount point,
# as Docker makes them, so the job may replace them; a link in place of one is replaced, as it may lead anywhere. Sets
# $etc, to nothing where the image can't have such a folder.
clear_names() {
  local name
  etc=
  inside /etc && { [ -d "/newroot$inside" ] || mkdir -p "/newroot$inside"; } || return 0
  etc=/newroot$inside
  find_file /etc/hosts
  image_hosts=$([ ! -s "$file" ] || cat "$file")
  for name in hosts hostname; do
    if [ -e "$etc/$name" ] || [ -L "$etc/$name" ]; then rm -f "$etc/$name"; fi
  done
  # There is no network. An image's own name servers are as unreachable as none.
  [ -f "$etc/resolv.conf" ] && [ ! -L "$etc/resolv.conf" ] || { rm -f "$etc/resolv.conf" && : >"$etc/resolv.conf"; }
  [ -e "$etc/mtab" ] || [ -L "$etc/mtab" ] || ln -s /proc/mounts "$etc/mtab"
} 2>/dev/null

# give_names: $hostname becomes the guest's name. localhost and that stand in front of the image's own lines: the first
# that fits counts.
give_names() {
  echo "$hostname" >/proc/sys/kernel/hostname
  [ "$etc" ] || return 0
  {
    echo "127.0.0.1 localhost"
    [ ! -e /proc/net/if_inet6 ] || printf '::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n'
    echo "127.0.0.1 $hostname"
    [ -z "$image_hosts" ] || echo "$image_hosts"
  } >"$etc/hosts"
  echo "$hostname" >"$etc/hostname"
} 2>/dev/null

# set_kernel: as containers find it. An older kernel may lack one of these.
set_kernel() {
  # More files than a small guest's default: its memory is the limit.
  echo 9223372036854775807 >/proc/sys/fs/file-max
  # Any user of the guest may listen on port 80, and ping.
  echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
  echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range
} 2>/dev/null

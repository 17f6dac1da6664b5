# Windows on the cgroup tree, and the facts that go with them, a function for each mode. For windows.sh, which has
# `bind` and `$self`. What is wrong with a group is for berth to find out and to tell: here it only has no window then.

# The cgroup2 mounts, a line each: the group that is mounted, and where.
cgroup2_mounts() {
  findmnt -rn -t cgroup2 -o FSROOT,TARGET || true
}

# The group that this process is in, as a path of the host. An earlier berth may have moved its caller into a leaf.
own_group() {
  own=$(sed -n 's/^0:://p' $self/host/cgroup)
  case $own in */supervisor) own=${own%supervisor} ;; esac
  cgroup2_mounts | while read -r root target; do
    root=${root%/}
    case $own/ in "$root"/*) echo "$target${own#"$root"}" && break ;; esac
  done
}

# cgroup: the group that VMs' groups are made in: a path, or `self`.
open_cgroup() {
  cat /proc/self/cgroup >$self/host/cgroup
  grep -E ' - cgroup2? ' /proc/self/mountinfo >$self/host/mounts || true
  echo "${BERTH_DELEGATED:-}" >$self/host/delegated
  if [ "$1" = self ]; then group=$(own_group); else
    group=$(realpath -e -- "$1" 2>/dev/null) || group=
    echo "$group" >$self/host/cgroup_given
  fi
  group=${group%/}
  [ "$group" ] && [ "$(stat -fc %T -- "$group")" = cgroup2fs ] || return 0
  bind writable cgroup "$group"
  echo "$group" >$self/host/cgroup_window
}

# slice: a slice that systemd makes VMs' scopes in: its path below the root of the tree.
open_slice() {
  [ -d /run/systemd/system ] || return 0
  root=$(cgroup2_mounts | sed -n 's|^/ ||p' | head -n 1)
  [ "$root" ] || return 0
  [ -d "$root/$1" ] || systemctl start -- "${1##*/}" || return 0
  [ -d "$root/$1" ] || return 0
  bind writable slice "$root/$1"
  echo "$root/$1" >$self/host/slice_window
}

# group: the folder of a group that some job's record names.
open_group() {
  group=$(cat -- "$1" 2>/dev/null) || return 0
  [ -d "$group" ] && [ "$(stat -fc %T -- "$group")" = cgroup2fs ] || return 0
  bind writable cgroup "$group"
  echo "$group" >$self/host/cgroup_window
}

# spare_slice: the same as slice, for the case that berth's own group was not given to it.
open_spare_slice() {
  if [ "${BERTH_DELEGATED:-}" = no ]; then open_slice "$1"; fi
}

# device: no window, but a line for a device node that is there.
open_device() {
  if [ -c "$1" ] || [ -b "$1" ]; then echo "$1" >>$self/host/devices; fi
}

# block: no window, but the number of a disk that is given by its name or path, as in `sda 8:0`.
open_block() {
  case $1 in
  /*) [ -b "$1" ] && numbers=$(stat -Lc %Hr:%Lr -- "$1") || return 0 ;;
  *) read -r numbers <"/sys/class/block/$1/dev" || return 0 ;;
  esac 2>/dev/null
  echo "$1 $numbers" >>$self/host/block
}

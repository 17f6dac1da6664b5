# Windows on the cgroup tree, and the facts that go with them, a function for each mode. For windows.sh, which has
# `bind` and `$self`. What is wrong with a group is for berth to find out and to tell: here it only has no window then.

# Also for windows.sh. For some lines of /proc: a shell reads them byte by byte.
copy() { # FROM TO
  while IFS= read -r line; do printf '%s\n' "$line"; done <"$1" >"$2"
}

# The cgroup2 mounts, a line each: the group that is mounted, and where.
cgroup2_mounts() {
  findmnt -rn -t cgroup2 -o FSROOT,TARGET || true
}

# The group that this process is in, as a path of the host. An earlier berth may have moved its caller into a leaf.
# Where several mounts show it, the choice is that of resolveParent(): the usual place, else the mount that shows most.
own_group() {
  own=
  while IFS= read -r line; do case $line in 0::*) own=${line#0::} ;; esac; done <$self/host/cgroup
  case $own in */supervisor) own=${own%supervisor} ;; esac
  best= least=
  while read -r root target; do
    rank=${#root} root=${root%/}
    if [ "$target" = /sys/fs/cgroup ]; then rank=0; fi
    case $own/ in "$root"/*) ;; *) continue ;; esac
    if [ "$target" ] && [ "$rank" -lt "${least:-4096}" ]; then least=$rank best=$target${own#"$root"}; fi
  done <<MOUNTS
$(cgroup2_mounts)
MOUNTS
  printf '%s\n' "$best"
}

# cgroup: the group that VMs' groups are made in: a path, or `self`.
open_cgroup() {
  copy /proc/self/cgroup $self/host/cgroup
  # All of them: what is mounted on a cgroup tree, or below it, hides groups.
  cat /proc/self/mountinfo >$self/host/mounts
  echo "${BERTH_DELEGATED:-}" >$self/host/delegated
  if [ "$1" = self ]; then group=$(own_group); else
    group=$(realpath -e -- "$1" 2>/dev/null) || group=
    printf '%s\n' "$group" >$self/host/cgroup_given
  fi
  bind_group "${group%/}"
}

# Only a folder of a cgroup2 tree gets a window. No echo: a backslash in a path is a backslash.
bind_group() { # PATH
  [ -d "$1" ] && [ "$(stat -fc %T -- "$1")" = cgroup2fs ] || return 0
  bind writable cgroup "$1"
  printf '%s\n' "$1" >$self/host/cgroup_window
}

# slice: a slice that systemd makes VMs' scopes in: its path below the root of the tree.
open_slice() {
  [ -d /run/systemd/system ] || return 0
  root=$(cgroup2_mounts | sed -n 's|^/ ||p' | head -n 1)
  [ "$root" ] || return 0
  [ -d "$root/$1" ] || timeout 30 systemctl start -- "${1##*/}" || return 0
  [ -d "$root/$1" ] || return 0
  bind writable slice "$root/$1"
  printf '%s\n' "$root/$1" >$self/host/slice_window
}

# group: the folder of a group that some job's record names.
open_group() {
  group=$(cat -- "$1" 2>/dev/null) || return 0
  bind_group "$group"
}

# gone: no window, but a line for each group of a job's that can't be there any more, as all that it was made in went,
# with a scope for example. PATH is the folder of the jobs. What is only out of sight here is not gone.
open_gone() {
  for note in "$1"/*.cgroup; do
    { IFS= read -r group <"$note"; } 2>/dev/null || continue
    case $group in /*/vm-*) above=${group%/vm-*} above=${above%/tenant-*} ;; *) continue ;; esac
    [ ! -d "$above" ] || continue
    while [ "$above" ] && [ ! -d "$above" ]; do above=${above%/*}; done
    if [ "$(stat -fc %T -- "$above/")" = cgroup2fs ]; then printf '%s\n' "$group" >>$self/host/groups_gone; fi
  done
}

# Whether systemd's own manager takes orders from this user. In a user namespace everybody is called root; what only root
# can write tells who is.
may_order() {
  [ -w /run/systemd/system ]
}

# spare_slice: the same as slice, for the case that berth's own group was not given to it.
open_spare_slice() {
  if [ "${BERTH_DELEGATED:-}" = no ] && may_order; then open_slice "$1"; fi
}

# device: no window, but a line for a device node that is there.
open_device() {
  if [ -c "$1" ] || [ -b "$1" ]; then printf '%s\n' "$1" >>$self/host/devices; fi
}

# block: no window, but the number of a disk that is given by its name or path, as in `sda 8:0`.
open_block() {
  case $1 in
  /*)
    # In hexadecimal: coreutils before 9.0, as in Ubuntu 22.04, have no other format.
    [ -b "$1" ] && numbers=$(stat -Lc '%t %T' -- "$1") || return 0
    numbers=$((0x${numbers% *})):$((0x${numbers#* }))
    ;;
  *) read -r numbers <"/sys/class/block/$1/dev" || return 0 ;;
  esac 2>/dev/null
  printf '%s %s\n' "$1" "$numbers" >>$self/host/block
}

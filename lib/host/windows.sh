# Makes the windows through which the host process sees the host, then becomes the host process.
#
# It runs in a mount namespace of its own, which the kernel takes down when the last process in it has ended, however it
# ended. Arguments: the front process's id, MODE NAME PATH triples, then --, and the command. Modes:
#   linked    the same as ro, and links in it are followed
#   ro        a file or folder, read-only           folder  a folder, read-only
#   optional  a file or folder, read-only, if there  make    a folder, created when it is missing
#   file      a file, created when it is missing     state, users  the same for berth's own: see own_folder.ts
#   node      a device node, and nothing when it is missing
#   here      a file, folder or node, read-only, under its own path: for programs; nothing when it is missing
#   descriptor  a FIFO, which relay.sh copies to the caller's descriptor
#   and those of cgroup_windows.sh: open_MODE there gets PATH
set -eu
# Whoever ties itself to its parent may be too late: the kernel tells of no death before that.
[ "$PPID" = "$1" ] || exit 143
shift
# What berth makes for itself nobody else is to write into, whatever its caller likes for what is the caller's.
callers_umask=$(umask)
umask 022
# Whatever fails in here is berth's failure, and its status must not look like a job's.
trap '[ $? = 0 ] || exit 125' EXIT

fail() {
  echo "berth: $*" >&2
  exit 125
}

run=/run/berth
# What the host process has for its root, and what it calls /run/berth/self in there.
new_root=$run
self=$new_root$run/self

# Without root in the host's namespace /run belongs to somebody else; in ours it can be covered, by one that shows the
# same: the user's own files may be in there (/run/user, /run/media). /tmp is where both are for a moment.
cover_run() {
  mount -t tmpfs -o mode=0700 berth /tmp
  mkdir /tmp/run
  mount --rbind /run /tmp/run
  mount -t tmpfs -o mode=0755 run /run
  for entry in /tmp/run/*; do
    place=/run/${entry##*/}
    if [ -L "$entry" ]; then cp -P -- "$entry" "$place" && continue; fi
    # mount itself keeps notes in there.
    if [ -d "$entry" ]; then mkdir -p "$place"; elif [ -e "$entry" ]; then : >"$place"; else continue; fi
    mount --rbind -- "$entry" "$place"
  done
  umount -l /tmp
  mkdir $run
}

# Each program that is started takes some milliseconds of every job: what is there is not made once more, and mounts are
# made by one program for all.
[ -d $run ] || mkdir -p -m 0711 $run 2>/dev/null || cover_run
mount -t tmpfs -o mode=0755,nosuid,nodev berth $new_root
mkdir -p -m 1777 $new_root/tmp $new_root/var/tmp $new_root/dev/shm $new_root$run
mount -t tmpfs -o mode=0700,nosuid,nodev berth $new_root$run
mkdir $self $self/host

folder() { # PATH
  [ -d "$1" ] || mkdir -p -- "$1"
}

options_of() { # MODE
  # Only to read: nothing in there is run. A user may not take any of these away again, where the source has them, and
  # to name all of them spares the look. What is mounted below comes along: it is a part of the folder to its user.
  # A link in a window could lead into another one (an older mount does not know the word, and leaves it out).
  case $1 in
  ro | folder | optional) options=rbind,ro,nosuid,nodev,noexec,nosymfollow ;;
  linked) options=rbind,ro,nosuid,nodev,noexec ;;
  *) options=bind ;;
  esac
}

# The mounts that are still to be made, as fstab(5) has them.
table=
bind() { # MODE NAME PATH
  options_of "$1"
  put $options "$3" "$self/$2"
}

put() { # OPTIONS PATH TARGET
  target=$3 options=$1
  if [ -d "$2" ]; then options=$options,X-mount.mkdir; elif [ ! -e "$target" ]; then : >"$target"; fi
  case $2 in
  # What means something else in a table, or could.
  *[!A-Za-z0-9/._+@:,-]* | [!/]*) mount -o $options -- "$2" "$target" || fail "$2: $UNSEEN" ;;
  *) table="$table$2 $target none $options 0 0
" ;;
  esac
}
UNSEEN="can't be made visible to berth"

bind_all() {
  [ "$table" ] || return 0
  printf '%s' "$table" >$self/host/table
  table=
  mount --all --fstab $self/host/table 2>/dev/null && return
  # The same once more, to tell which it is.
  while read -r path target _ options _; do
    mount -o "$options" -- "$path" "$target" || fail "$path: $UNSEEN"
  done <$self/host/table
}

# Before something of the user's is made: what can't be mounted is to be known by then.
bind_before() { # PATH
  [ -e "$1" ] || bind_all
}

# One that is this process's alone can be given to the VM's user, whoever may use the host's. Where none can be made it
# is the host's.
open_node() { # PATH
  if [ -b "$1" ]; then kind=b; elif [ -c "$1" ]; then kind=c; else return 0; fi
  node=$self/nodes$1
  # The only place of berth's where a node is one.
  [ "$nodes" ] || mount -t tmpfs -o mode=0711,nosuid,noexec,X-mount.mkdir berth $self/nodes
  nodes=mounted
  folder "${node%/*}"
  # In hexadecimal: coreutils before 9.0, as in Ubuntu 22.04, have no other format.
  numbers=$(stat -Lc '%t %T' -- "$1")
  if mknod -m 0600 "$node" $kind $((0x${numbers% *})) $((0x${numbers#* })) 2>/dev/null; then
    printf '%s\n' "$1" >>$self/host/nodes
  else
    rm -f "$node"
    : >"$node"
    mount --bind -- "$1" "$node"
  fi
}

make_root

nodes=
while [ "$1" != -- ]; do
  mode=$1 name=$2 path=$3
  shift 3
  case $mode in
  cgroup | slice | spare_slice | group | gone | device | block)
    case $mode in cgroup | slice | spare_slice | group) show_systemd ;; esac
    open_$mode "$path"
    continue
    ;;
  here)
    show "$path"
    continue
    ;;
  node)
    open_node "$path"
    continue
    ;;
  descriptor)
    open_descriptor "$name"
    continue
    ;;
  make | folder | file)
    bind_before "$path"
    bind_walked "$mode" "$name" "$path"
    continue
    ;;
  state | users)
    # In a user namespace VMs are no users of their own.
    if [ "$mode" = users ] && [ "${BERTH_AS_USER:-}" ]; then continue; fi
    if [ "$mode" = state ]; then rights=0700; else rights=0711; fi
    [ -d "$path" ] || { bind_before "$path" && mkdir -p -m $rights -- "$path" 2>/dev/null; } ||
      fail "$path: this folder can't be created"
    ;;
  optional) [ -e "$path" ] || continue ;;
  ro)
    if [ -d "$path" ]; then bind_walked ro "$name" "$path" && continue; fi
    [ -e "$path" ] || fail "$path: there is no such file or folder"
    ;;
  linked) [ -e "$path" ] || fail "$path: there is no such file or folder" ;;
  esac
  case $name in */*) folder "$self/${name%/*}" ;; esac
  bind "$mode" "$name" "$path"
done
shift
bind_all

# What only /proc, /dev and the mount table can tell, and the host process may not read there.
copy /proc/sys/kernel/random/boot_id $self/host/boot_id
copy /proc/self/uid_map $self/host/uid_map
while read -r key value; do case $key in SigIgn:) echo "$value" ;; esac; done </proc/self/status >$self/host/ignored_signals
if [ ! -e /dev/kvm ]; then echo missing; elif [ -r /dev/kvm ] && [ -w /dev/kvm ]; then echo accessible; else
  echo denied
fi >$self/host/kvm
# What is found out about one QEMU says nothing of the next.
qemu=$(command -v qemu-system-x86_64) && stat -Lc '%n %d %i %s %Y' -- "$qemu" >$self/host/qemu || :

unset BERTH_DELEGATED BERTH_AS_USER
enter_root
start_relay

# It is tied to the front process as this shell is.
exec "$@"

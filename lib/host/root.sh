# The root that the host process lives in: programs, the few files that they need, and windows. Nothing else of the host
# is there, whoever asks: a link leads nowhere, for Deno and for each tool. For windows.sh, which has `put`, `$new_root`,
# and `$mode`, `$name` and `$path`, which nothing here may change.

# Under its own path. A user may not take an option away that the source has, so all are named that nothing here needs.
show() { # PATH [OPTIONS]
  case $1 in /usr/* | /bin/* | /sbin/* | /lib/* | /lib64/*) return 0 ;; esac
  [ -e "$1" ] || return 0
  if [ ! -d "$1" ] && [ ! -d "$new_root${1%/*}" ]; then mkdir -p -- "$new_root${1%/*}"; fi
  # A node is there to be opened.
  if [ -c "$1" ] || [ -b "$1" ]; then put bind "$1" "$new_root$1" && return 0; fi
  put "${2:-bind,ro,nosuid,nodev}" "$1" "$new_root$1"
}

# Small files, by one program. One that is a link is what it leads to.
FILES="passwd group nsswitch.conf hosts host.conf gai.conf services protocols resolv.conf ld.so.cache mke2fs.conf
berth/config.json"
# For building images: where packages are from, and whom to trust.
FOLDERS="/etc/alternatives /etc/apt /etc/dpkg /etc/ssl /etc/pki /etc/ca-certificates /etc/crypto-policies /etc/containers
/var/lib/dpkg"

make_root() {
  set --
  for place in /bin /sbin /lib /lib64 /lib32 /libx32 /dev/fd /dev/stdin /dev/stdout /dev/stderr; do
    if [ -L $place ]; then set -- "$@" $place; elif [ -d $place ]; then show $place rbind,ro,nosuid,nodev; fi
  done
  for word in $FILES; do
    place=/etc/$word
    if [ -L $place ]; then show $place; elif [ -r $place ]; then set -- "$@" $place; fi
  done
  cp -P --parents -- "$@" $new_root
  put rbind,ro,nosuid,nodev /usr $new_root/usr
  put rbind /proc $new_root/proc
  for word in null zero full random urandom tty kvm; do show /dev/$word; done
  for place in $FOLDERS; do show $place; done
  # apt writes there, if it may.
  for place in /var/lib/apt /var/cache/apt; do show $place bind; done
}

# What it takes to talk to systemd.
show_systemd() {
  for place in /run/systemd/private /run/systemd/system /run/dbus /run/systemd/resolve; do
    show $place bind,ro,nosuid,nodev,noexec
  done
}

# Leaves the host's root behind, and with it the caller's folder. It is below /var/tmp for a moment.
enter_root() {
  pivot_root $new_root $new_root/var/tmp || fail "the host's root can't be left behind"
  cd /
  umount -l /var/tmp || fail "the host's root can't be let go of"
}

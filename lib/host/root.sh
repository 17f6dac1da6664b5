# The root that the host process lives in: programs, the few files that they need, and windows. Nothing else of the host
# is there, whoever asks: a link leads nowhere, for Deno and for each tool. For windows.sh, which has `put`, `$root`.

# Under its own path.
show() { # PATH [OPTIONS]
  case $1 in /usr/* | /bin/* | /sbin/* | /lib/* | /lib64/*) return 0 ;; esac
  [ -e "$1" ] || return 0
  if [ ! -d "$1" ] && [ ! -d "$root${1%/*}" ]; then mkdir -p -- "$root${1%/*}"; fi
  put "${2:-bind,ro,nosuid}" "$1" "$root$1"
}

# Small files, by one program. One that is a link is what it leads to.
FILES="passwd group nsswitch.conf hosts host.conf gai.conf services protocols resolv.conf ld.so.cache mke2fs.conf
berth/config.json"
# For building images: where packages are from, and whom to trust.
FOLDERS="/etc/alternatives /etc/apt /etc/dpkg /etc/ssl /etc/pki /etc/ca-certificates /etc/crypto-policies /etc/containers
/var/lib/dpkg"

make_root() {
  set --
  for path in /bin /sbin /lib /lib64 /lib32 /libx32 /dev/fd /dev/stdin /dev/stdout /dev/stderr; do
    if [ -L $path ]; then set -- "$@" $path; elif [ -d $path ]; then show $path rbind,ro; fi
  done
  for name in $FILES; do
    path=/etc/$name
    if [ -L $path ]; then show $path; elif [ -r $path ]; then set -- "$@" $path; fi
  done
  cp -P --parents -- "$@" $root
  put rbind,ro /usr $root/usr
  put rbind /proc $root/proc
  for name in null zero full random urandom tty kvm; do show /dev/$name bind; done
  for path in $FOLDERS; do show $path; done
  # apt writes there, if it may.
  for path in /var/lib/apt /var/cache/apt; do show $path bind; done
}

# What it takes to talk to systemd.
show_systemd() {
  for path in /run/systemd/private /run/systemd/system /run/dbus /run/systemd/resolve; do show $path; done
}

# Leaves the host's root behind, and with it the caller's folder. It is below /var/tmp for a moment.
enter_root() {
  pivot_root $root $root/var/tmp || fail "the host's root can't be left behind"
  cd /
  umount -l /var/tmp || fail "the host's root can't be let go of"
}

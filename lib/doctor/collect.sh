# Facts for `berth doctor`, as lines of a key and its value; what can't be told has no line. One area a call, so that none
# can hold up the others. It runs as the caller, without namespaces, and before berth has windows: it is to tell why there
# may be none. It changes nothing but a file in the state folder, which is gone before it is written to.
# Arguments: the area, and what collect_AREA takes.
set -uf

fact() { # KEY VALUE
  printf '%s %s\n' "$1" "$2"
}

# The first line of a file, if it can be read. Not by `read`: that takes a byte at a time, and files of numbers in /proc/sys
# have none after the first.
fact_of() { # KEY FILE
  [ -r "$2" ] && fact "$1" "$(head -n 1 "$2")"
}

# A try: `works`, or its first words.
try() { # KEY COMMAND…
  key=$1
  shift
  if words=$("$@" 2>&1 </dev/null); then fact "$key" works; else fact "$key" "fails: $(printf '%s\n' "$words" | head -n 1)"; fi
}

# What has been seen to wait for ever, on a host that is ill.
bounded() {
  timeout -k 1 8 "$@"
}

# What a device node is like: it is opened, as only that tells.
node() { # KEY PATH
  if [ ! -c "$2" ]; then fact "$1" missing && return; fi
  fact "$1.owner" "$(stat -c '%G %a' -- "$2")"
  fact "$1.number" "$(stat -c '%t:%T' -- "$2")"
  words=$( (exec 3<>"$2") 2>&1) && fact "$1" opens && return
  case $words in
  *denied* | *permitted*) fact "$1" denied ;;
  *) fact "$1" "fails: ${words##*: }" ;;
  esac
}

collect_host() {
  fact arch "$(uname -m)"
  fact user "$(id -un)"
  fact groups "$(id -Gn)"
}

collect_kvm() {
  flags=" $(sed -n 's/^flags[^:]*: *//p' /proc/cpuinfo | head -n 1) "
  for flag in vmx svm hypervisor; do
    case $flags in *" $flag "*) fact "cpu.$flag" yes ;; esac
  done
  for module in kvm_intel kvm_amd; do fact_of "nested.$module" /sys/module/$module/parameters/nested; done
  if bounded getent group kvm >/dev/null; then fact kvm.group there; else fact kvm.group missing; fi
  node kvm /dev/kvm
}

collect_qemu() {
  if ! command -v qemu-system-x86_64 >/dev/null; then fact qemu missing && return; fi
  fact qemu there
  version=$(bounded qemu-system-x86_64 --version 2>&1 </dev/null | head -n 1)
  fact qemu.version "$version"
  bounded qemu-system-x86_64 -machine help 2>/dev/null </dev/null | sed -n 's/^\([a-z0-9.-]*\) .*/qemu.machine \1/p'
}

collect_programs() { # PROGRAM…
  for name; do if command -v "$name" >/dev/null; then fact program "$name"; fi; done
  # The package busybox has one, too, but linked dynamically; berth's guest has no libraries.
  if grep -q /lib64/ld-linux "$(command -v busybox)" 2>/dev/null; then fact busybox dynamic; fi
}

collect_namespaces() {
  if command -v bwrap >/dev/null; then fact bwrap there; else fact bwrap missing; fi
  fact_of namespaces.most /proc/sys/user/max_user_namespaces
  fact_of namespaces.most_mount /proc/sys/user/max_mnt_namespaces
  fact_of namespaces.unprivileged /proc/sys/kernel/unprivileged_userns_clone
  fact_of namespaces.apparmor /proc/sys/kernel/apparmor_restrict_unprivileged_userns
  try namespaces.user bounded unshare --user --map-root-user --mount true
  try namespaces.mount bounded unshare --mount true
}

collect_cgroup() {
  fact kernel "$(uname -r)"
  findmnt -rn -t cgroup2 -o TARGET,OPTIONS | sed 's/^/cgroup2 /'
}

collect_systemd() {
  [ -d /run/systemd/system ] || return 0
  fact systemd running
  fact systemd.version "$(bounded systemctl --version 2>&1 | head -n 1)"
  fact systemd.answer "$(bounded systemctl show --property=Version --value 2>&1 | head -n 1)"
}

collect_devices() {
  node vsock /dev/vhost-vsock
  node tun /dev/net/tun
}

# Whose a folder is, and what others may do there. A name is told for the words only.
ownership() { # KEY FOLDER
  if [ -O "$2" ]; then fact "$1.owner" own; else fact "$1.owner" "$(stat -Lc %U -- "$2")"; fi
  fact "$1.mode" "$(stat -Lc %a -- "$2")"
}

# The folder, or the nearest one above that is there: what its disk has, and whether berth may write. And whose it is, and
# whose the list of VMs' users is.
collect_state() { # FOLDER [USERS]
  if [ -d "${2:-}" ]; then ownership users "$2"; fi
  place=$1
  case $place in -*) place=./$place ;; esac
  if [ -e "$place" ] && [ ! -d "$place" ]; then fact state.there "no folder" && return; fi
  if [ -d "$place" ]; then fact state.there yes && ownership state "$place"; else fact state.there no; fi
  while [ ! -d "$place" ]; do
    case $place in */*) place=${place%/*} && place=${place:-/} ;; *) place=. ;; esac
  done
  fact state.place "$place"
  fact state.mount "$(findmnt -n -o TARGET --target "$place" | tail -n 1)"
  fact state.disk "$(bounded stat -f -c '%a %S %d %c' -- "$place")"
  if [ -d "$1" ]; then try state.write write_into "$place"; elif [ -w "$place" ]; then fact state.write works; else
    fact state.write "fails: no folder can be made in $place"
  fi
}

# The file has no name any more when something is written to it: whatever ends this, nothing stays.
write_into() ( # FOLDER
  file=$1/.berth-doctor-$$
  set -C
  exec 3>"$file" && rm -f -- "$file" && head -c 65536 /dev/zero >&3
)

OPTIONS="CGROUPS MEMCG CGROUP_PIDS CGROUP_BPF CGROUP_FREEZER CPUSETS CFS_BANDWIDTH BLK_CGROUP NAMESPACES USER_NS PID_NS
NET_NS SECCOMP_FILTER KVM"

collect_kernel() {
  clock=/sys/devices/system/clocksource/clocksource0
  fact_of clock $clock/current_clocksource
  fact_of clock.available $clock/available_clocksource
  fact_of entropy /proc/sys/kernel/random/entropy_avail
  fact random "$(timeout 2 head -c 16 /dev/random | wc -c)"
  release=$(uname -r)
  if [ -r /proc/config.gz ]; then config=$(gzip -dc /proc/config.gz); else
    config=$(cat "/boot/config-$release" 2>/dev/null || cat "/lib/modules/$release/config" 2>/dev/null) || return 0
  fi
  [ "$config" ] || return 0
  fact config "$release"
  for option in $OPTIONS; do
    case $config in *"CONFIG_$option=y"* | *"CONFIG_$option=m"*) ;; *) fact config.lacks "CONFIG_$option" ;; esac
  done
}

area=$1
shift
collect_$area "$@"
# What has no answer has no line; it is for the reader to miss it.
exit 0

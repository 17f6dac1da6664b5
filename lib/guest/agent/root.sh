# Puts the job's root file system together at /newroot. Everything the job changes there lives in memory, or on a
# scratch disk that is thrown away with the VM.

# What is being done, for the words of must.
task="the guest can't be set up"

# must COMMAND ...: a guest that can't be put together has nothing else to do than to say so, whatever it is asked.
must() {
  local why= verb
  "$@" 2>$lane/why && return
  read -r why <$lane/why
  broken="$task: $*: $why"
  # Nobody has asked for anything yet.
  [ "$serving" ] || { unfit=yes && agent; }
  start_listening
  [ ! -s $lane/asked ] || fail "$broken"
  while read -r verb <&4; do fail "$broken"; done
}

mount_root() {
  must ip link set lo up
  case $disk_root in
  ?*)
    load overlay
    find_disk root
    mkdir -p /lower /layers
    must mount -t squashfs -o ro "$disk" /lower
    mount_writable /layers
    mkdir /layers/upper /layers/work
    must mount -t overlay -o lowerdir=/lower,upperdir=/layers/upper,workdir=/layers/work overlay /newroot
    ;;
  *)
    # A copy, so that the job has no way to the file that the agent runs from.
    mount_writable /newroot
    must cp -a /image/. /newroot
    must cp /bin/busybox /newroot/bin/busybox
    ;;
  esac
  for name in proc sys dev; do
    # The kernel's own go there. A link in an image's place of them would lead them elsewhere.
    if [ -L /newroot/$name ] || [ ! -d /newroot/$name ]; then rm -f /newroot/$name && mkdir /newroot/$name; fi
  done
  [ -e /newroot/tmp ] || [ -L /newroot/tmp ] || mkdir /newroot/tmp
  [ -L /newroot/tmp ] || [ -k /newroot/tmp ] || chmod 1777 /newroot/tmp
  # Into the namespaces that wait for a job.
  mount --make-rshared /newroot
  # The kernel needs no more drivers now, and a job that is root must not bring its own.
  echo 1 >/proc/sys/kernel/modules_disabled
}

# mount_writable PATH: what the job changes of its root is kept there.
mount_writable() {
  case $disk_scratch in
  ?*)
    find_disk scratch
    must mount -t ext4 -o noatime "$disk" "$1"
    rmdir "$1/lost+found"
    chmod 0755 "$1"
    ;;
  *) must mount -t tmpfs -o "size=$(memory_share)k,mode=0755" writable "$1" ;;
  esac
}

# memory_share: most of the memory that is still to be had, in KiB. A job that fills its root gets "no space left": of a
# share of all memory the kernel has taken too much in a small guest, and would have nothing left to end the job with.
memory_share() {
  local name size rest
  while read -r name size rest; do
    [ "$name" != MemAvailable: ] || echo $((size * 8 / 10))
  done </proc/meminfo
}

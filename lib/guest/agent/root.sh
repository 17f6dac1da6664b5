# Puts the job's root file system together at /newroot. Everything the job changes there lives in memory, but for the
# workspace, which is a disk of its own, and is thrown away with the VM.

# must COMMAND ...: a guest that can't be put together has nothing else to do than to say so, and wait for its end.
must() {
  local why=
  "$@" 2>/run/why && return
  read -r why </run/why
  fail "the guest can't be set up: $*: $why"
  while :; do sleep 3600; done
}

mount_root() {
  must ip link set lo up
  case ",$disks," in
  *,root,*)
    load overlay
    find_disk root
    mkdir -p /lower /layers
    must mount -t squashfs -o ro "$disk" /lower
    must mount -t tmpfs -o size=80%,mode=0755 layers /layers
    mkdir /layers/upper /layers/work
    must mount -t overlay -o lowerdir=/lower,upperdir=/layers/upper,workdir=/layers/work overlay /newroot
    ;;
  *)
    # A copy, so that the job has no way to the file that the agent runs from.
    must mount -t tmpfs -o size=80%,mode=0755 image /newroot
    must cp -a /image/. /newroot
    must cp /bin/busybox /newroot/bin/busybox
    ;;
  esac
  must mkdir -p /newroot/proc /newroot/sys /newroot/dev /newroot/tmp
  [ -k /newroot/tmp ] || chmod 1777 /newroot/tmp
  case ",$disks," in
  *,workspace,*)
    find_disk workspace
    must mkdir -p /newroot/workspace
    must mount -t ext4 -o noatime "$disk" /newroot/workspace
    # mke2fs made it; it is no part of the workspace.
    rmdir /newroot/workspace/lost+found
    ;;
  esac
  # The kernel needs no more drivers now, and a job that is root must not bring its own.
  echo 1 >/proc/sys/kernel/modules_disabled
}

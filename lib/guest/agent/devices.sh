# Finds virtio ports by name and disks by serial number: the letter or number that the kernel gives them means nothing.

# wait_for_port NAME: prints nothing, sets $port to the device. Ports appear some milliseconds after their driver; the
# host's boot timeout is the deadline of this wait.
wait_for_port() {
  while ! find_port "$1"; do usleep 2000; done
}

find_port() {
  for entry in /sys/class/virtio-ports/*/name; do
    [ -e "$entry" ] || continue
    read -r name <"$entry"
    if [ "$name" = "$1" ]; then
      entry=${entry%/name}
      port=/dev/${entry##*/}
      [ -c "$port" ]
      return
    fi
  done
  return 1
}

# Disks are bound to their driver here and not by the kernel: whoever binds one reads it. They are known by their order on
# QEMU's command line, which that of the virtio devices' numbers is: the root of the image, if it is a disk, the identity,
# and then those of the job.

# keep_disks_unbound: none is bound from now on but by bind_disk. Sets $disks to all of them. A kernel that has the driver
# built in has bound them already, and read them: its guest is unfit to be others.
keep_disks_unbound() {
  local number=0 kind
  echo 0 >/sys/bus/virtio/drivers_autoprobe
  load disk
  disks=
  while read -r kind </sys/bus/virtio/devices/virtio$number/device; do
    if [ "$kind" = 0x0002 ]; then
      disks="$disks virtio$number"
      [ ! -e /sys/bus/virtio/devices/virtio$number/driver ] || unfit=yes
    fi
    number=$((number + 1))
  done 2>/dev/null
}

# bind_disk SERIAL: the first of $disks is called so, and has its driver.
bind_disk() {
  local serial=$1 virtio
  set -- $disks
  virtio=/sys/bus/virtio/devices/$1
  [ -e $virtio/driver ] || echo "$1" >/sys/bus/virtio/drivers/virtio_blk/bind
  shift
  disks=$*
  set -- $virtio/block/*
  eval "disk_$serial=/dev/${1##*/}"
}

# find_disk SERIAL: sets $disk to the device of a disk that is bound.
find_disk() {
  eval "disk=\$disk_$1"
  until [ -b "$disk" ]; do usleep 2000; done
}

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

# find_disk SERIAL: sets $disk to the device, waiting as above.
find_disk() {
  while :; do
    for entry in /sys/block/vd*/serial; do
      [ -e "$entry" ] || continue
      # A serial has no final newline, so read reports the end of the file although it has read the word.
      read -r serial <"$entry" || [ -n "$serial" ] || continue
      if [ "$serial" = "$1" ]; then
        entry=${entry%/serial}
        disk=/dev/${entry##*/}
        [ -b "$disk" ] && return
      fi
    done
    usleep 2000
  done
}

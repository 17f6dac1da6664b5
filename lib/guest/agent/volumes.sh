# The disks that a job has beside its root.

# mount_volume SERIAL PATH STATE: PATH is the job's. STATE is ro, rw, copied or copied-ro (from a folder), or fresh: made for
# this job, whose own it becomes.
mount_volume() {
  local options=noatime task="volume $1"
  case $1$3 in
  # A journal can't be replayed on a disk that can't be written.
  *[0-9]ro | *copied-ro) options=ro,noload ;;
  # The host keeps it, and is to get back what becomes free in it.
  cache*) options=noatime,discard ;;
  esac
  find_disk "$1"
  make_folder "$2"
  must mount -t ext4 -o $options "$disk" "/newroot$inside"
  # The last one first: it may be below another.
  volumes="$disk $volumes"
  case $3 in fresh) rmdir "/newroot$inside/lost+found" ;; esac
  case $3$uid in fresh?*) must chown "$uid:$gid" "/newroot$inside" ;; esac
}

# flush_caches: what the job wrote into them is on their disks then. Nothing of any job runs any more, so every volume
# goes, as those below a cache would keep it mounted.
flush_caches() {
  local volume why=
  for volume in $volumes; do
    umount "$volume" 2>$lane/why && continue
    read -r why <$lane/why
    fail "a cache can't be unmounted: $why"
    return
  done
  say flushed
}

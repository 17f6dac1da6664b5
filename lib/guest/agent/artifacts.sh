# Hands files of the job's root over to the host: one tar, in which the folder N holds, or the file N is, the N-th
# artifact. The host trusts not a byte of it.

# It runs in a mount namespace of its own. The paths are resolved inside the job's root, so that a link in there can't
# lead out of it, then bound next to each other.
. /berth/devices.sh
. /run/collect.sh
mount -t tmpfs dev /newroot/dev
: >/newroot/dev/busybox
mount --bind /bin/busybox /newroot/dev/busybox
mkdir /collect
index=0
for path; do
  found=$(chroot /newroot /dev/busybox realpath "$path" 2>/dev/null) && [ -e "/newroot$found" ] || {
    echo "missing $index"
    exit 1
  }
  if [ -d "/newroot$found" ]; then mkdir /collect/$index; else : >/collect/$index; fi
  mount --bind "/newroot$found" /collect/$index
  index=$((index + 1))
done
find_port berth.artifacts
tar -C /collect -c -f - $(seq 0 $((index - 1))) >"$port"

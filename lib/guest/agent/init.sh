#!/bin/busybox sh
# The first process of the guest: brings the machine up and becomes the agent.
#
# It lives in the initramfs, outside the job's root file system, so nothing that an image or a job contains can replace
# it. Its one conversation partner is the host, over the virtio port "berth.agent", in lines of words and base64:
#
#   agent → host   hello TOKEN ROLE | started | exited code|signal N OOM_KILLS | refused STATUS [BASE64] | error BASE64
#                  missing INDEX, left BASE64 (any number, then) collected | flushed
#   host → agent   part BASE64 (of a fragment, one or more) | exec | collect | flush | signal N | poweroff
#
# The job's output has ports of its own, which QEMU writes into files: "berth.out", "berth.err", "berth.artifacts".
# The host is trusted here, so what it sends inside base64 is a shell fragment that only sets variables and functions.
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /etc /run /newroot
# Apart from everything that the job can fill.
mount -t tmpfs -o mode=0700,size=64m run /run
# When the guest's memory runs out, the kernel shall take the job, not the agent. The job sets its own back to 0.
echo -1000 >/proc/self/oom_score_adj

# param NAME: the value of berth.NAME on the kernel's command line, or nothing.
read -r cmdline </proc/cmdline
param() {
  for word in $cmdline; do
    case $word in berth."$1"=*) echo "${word#*=}" ;; esac
  done
}

# load GROUP: inserts a group's modules; the build has put them into dependency order.
load() {
  while read -r group module; do
    [ "$group" = "$1" ] && insmod "/modules/$module"
  done </modules/order
}

. /berth/devices.sh
. /berth/paths.sh
. /berth/root.sh
. /berth/volumes.sh
. /berth/names.sh
. /berth/identity.sh
. /berth/job.sh
. /berth/agent.sh

load base
disks=$(param disks)
[ -z "$disks" ] || load disk
wait_for_port berth.agent
agent

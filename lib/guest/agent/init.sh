#!/bin/busybox sh
# The first process of the guest: brings the machine up and becomes the agent.
#
# It lives in the initramfs, outside the job's root file system, so nothing that an image or a job contains can replace
# it. Its one conversation partner is the host, over the virtio port "berth.agent", in lines of words and base64:
#
#   agent → host   ready NONCE [unfit] (once, then) hello TOKEN ROLE | started | exited code|signal N OOM_KILLS | refused STATUS [BASE64] | error BASE64
#                  missing INDEX, left BASE64 (any number, then) collected | flushed
#   host → agent   who NONCE (until the hello, then) part .TEXT. (of a fragment, one or more) | exec | collect | flush | signal N
#
# Until the host asks who it is, the guest is nobody: it knows of no job, and its state can be saved, for any number of
# others to begin from; unless it is unfit for that, as it has seen a job's disk, or can't be set up. The answer is on a
# disk, "identity", on which nothing is written before: on a line the token, on the next one the serials of the guest's
# disks, at 512 as many bytes of seed for the kernel's random numbers, and at 1024 the time.
#
# A guest can run several commands at once, each in a lane. The first lane is the main one, which everything above is
# about; part, exec, signal, started, exited, refused and error of another one have "lane N" in front.
#
# The output of a lane has ports of its own, which QEMU writes into files: "berth.out" and "berth.err", with ".N" behind
# for another lane than the main one. Artifacts have one too: "berth.artifacts".
# The host is trusted here, so what it sends in parts is a shell fragment that only sets variables and functions.
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
. /berth/become.sh
. /berth/paths.sh
. /berth/root.sh
. /berth/volumes.sh
. /berth/names.sh
. /berth/identity.sh
. /berth/job.sh
. /berth/room.sh
. /berth/agent.sh

nonce=$(param nonce)
lane=/run/lane0
load base
set_up
agent

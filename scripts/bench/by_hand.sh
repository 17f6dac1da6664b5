#!/bin/sh
# What one would write by hand instead of `berth run`: boot QEMU, give the agent one command, end QEMU.
#
# No jail, no limits, no deadline, nothing to recover from. Nothing in it polls or sleeps: a read from a FIFO waits just
# as long as it must, and the job's output goes from QEMU straight to standard output.
#
# The working directory takes the FIFOs and the console. The machine comes in variables; $IDENTITY is the file that tells
# the guest who it is, $WHO and $REQUEST are what to tell the agent, as lines.
set -eu

rm -f agent.in agent.out
mkfifo agent.in agent.out

qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
  -machine "$MACHINE" -accel "$ACCEL" -cpu "$CPU" -m "$MEMORY" -smp "$VCPUS" \
  -kernel "$KERNEL" -initrd "$INITRD" -append "$APPEND" \
  -serial file:serial.log \
  -device virtio-serial-device \
  -chardev pipe,id=agent,path=agent -device virtserialport,chardev=agent,name=berth.agent \
  -chardev file,id=out,path=/dev/stdout -device virtserialport,chardev=out,name=berth.out \
  -chardev file,id=err,path=/dev/stderr -device virtserialport,chardev=err,name=berth.err \
  -chardev null,id=none -device virtserialport,chardev=none,name=berth.stdin \
  -chardev null,id=artifacts -device virtserialport,chardev=artifacts,name=berth.artifacts \
  -drive "if=none,format=raw,id=identity,file=$IDENTITY,readonly=on" -device virtio-blk-device,drive=identity &
qemu=$!
trap 'kill $qemu 2>/dev/null && wait $qemu || :' EXIT
trap 'exit 143' INT TERM

# Opening waits until QEMU has opened its end.
exec 3<agent.out 4>agent.in
read -r _ready <&3
. "${0%/*}/by_hand_job.sh"

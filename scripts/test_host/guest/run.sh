#!/bin/sh
# Runs the test suite inside the test host and reports: output on ttyS1, exit status on ttyS2, the files
# in /results as a tar on the disk with the serial number "results".
#
# The status has a port of its own: as a line of the output it would be lost behind output that lacks a
# final newline, or be forged by a test that prints one.
# No `exec >/dev/ttyS1` here: this shell leads a session, and would get the port as its controlling terminal.
set -u

out=/dev/ttyS1
home=/srv/test-host
. "$home/guest/settings.sh" # permission_set, ends_at_s, require

load_devices() {
  if grep -qw svm /proc/cpuinfo; then modprobe kvm_amd; else modprobe kvm_intel; fi
  modprobe vhost_vsock
  # There is no udev that would set owners.
  chmod 0666 /dev/kvm /dev/vhost-vsock
}

# The kernel changes its own code when the first VM begins and when the last one ends (a jump label in the scheduler,
# kvm's preempt_notifier_key), and an emulated CPU has been seen to miss the end of such a change: the machine hung, in
# kvm_destroy_vm, in a tenth of the runs or more. With a VM that nobody runs, the last one never ends.
hold_vm() {
  create_vm=0xAE01 # KVM_CREATE_VM (linux/kvm.h)
  perl -we 'open(my $kvm, "+<", "/dev/kvm") or die "no VM is held: /dev/kvm: $!\n";
    ioctl($kvm, hex(shift), 0) or die "no VM is held: $!\n"; sleep' \
    "$create_vm" >"$out" 2>&1 &
}

# Deno refuses /sys to scoped permissions; the same tree bound elsewhere is an ordinary path.
open_cgroup_window() {
  mkdir -p /run/test-host/cgroup
  mount --bind /sys/fs/cgroup /run/test-host/cgroup
}

# Deno's output by way of a pipe: on a terminal it would print each test's name twice.
open_relay() {
  mkfifo /run/test-host/output
  cat /run/test-host/output >"$out" &
  relay=$!
}

# The pipe ends with its last writer. A daemon that a test has left running must not hold up the report.
close_relay() {
  (sleep 5 && kill "$relay") 2>/dev/null &
  wait "$relay"
  # A second stty is how a shell waits until the port has sent all that was written to it.
  stty -F "$out" raw -echo
}

run_tests() {
  cd "$home/project" || return 125
  export BERTH_TEST_HOST=1 HOME=/root NO_COLOR=1 DENO_DIR="$home/deno_dir" DENO_NO_UPDATE_CHECK=1
  export BERTH_TEST_REQUIRE="$require"
  if [ -x "$home/berth" ]; then export BERTH_BINARY="$home/berth"; fi
  # One argument a line. Types were checked outside, where it takes a tenth of the time.
  set --
  while IFS= read -r argument; do set -- "$@" "$argument"; done <"$home/guest/arguments"
  # The bound counts from the machine's start, as the other side's does.
  left_s=$((ends_at_s - $(cut -d. -f1 /proc/uptime)))
  [ "$left_s" -gt 0 ] || left_s=1
  timeout --kill-after=10 "$left_s" deno test -P="$permission_set" --no-prompt --no-check --cached-only \
    --junit-path=/results/junit.xml "$@" </dev/null >/run/test-host/output 2>&1
}

keep_results() {
  journalctl --no-pager --boot --output=short-monotonic >/results/journal.log
  for disk in /sys/block/vd*; do
    [ "$(cat "$disk/serial")" = results ] || continue
    tar -C /results -cf "/dev/${disk##*/}" .
    return
  done
}

stty -F "$out" raw -echo
stty -F /dev/ttyS2 raw -echo
echo "test host: up after $(cut -d' ' -f1 /proc/uptime) s" >"$out"
mkdir -p /results
load_devices
hold_vm
open_cgroup_window
open_relay
run_tests
status=$?
close_relay
if ! keep_results; then
  echo "test host: the results could not be written" >"$out"
  [ "$status" != 0 ] || status=125
fi
sync
echo "exit $status" >/dev/ttyS2

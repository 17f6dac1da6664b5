/**
 * Each fault of the state folder's disk at each point of a job's life.
 *
 * @module
 */

import { COLD_POINTS } from "../support/vmm/cold_points.ts";
import { COLD, leftovers, SCRATCH, shell, STATE } from "../support/berth.ts";
import {
  type Case,
  copyImage,
  type Place,
  plainPlace,
  prepareState,
  type Scene,
  testFaults,
  tryFault,
} from "./harness.ts";
import { casesOf, type Fault, isAfterVm, isBefore, isBeforeStart, own } from "./points.ts";

/** Fills the disk of the state folder. */
async function fillDisk({ state }: Scene): Promise<void> {
  await shell('dd if=/dev/zero of="$1/fill" bs=1M 2>/dev/null || true', state);
}

/** Has the kernel see an error in the file system of the state folder, which makes it read-only. */
async function breakDisk({ state }: Scene): Promise<void> {
  const script = 'device=$(findmnt -nro SOURCE -T "$1"); echo broken >"/sys/fs/ext4/${device#/dev/}/trigger_fs_error"';
  await shell(script, state);
}

/** A small disk, and a state folder on it; by that folder's name everything is found that has it among its mounts. */
const DISK = `${SCRATCH}/faults-disk`;
const SMALL_PLACE: Place = {
  ...plainPlace(`${DISK}/faults-small-state`),
  left: async (state) => {
    const others = 'grep -lF " /faults-small-state" /proc/[0-9]*/mountinfo 2>/dev/null || true';
    return [...await leftovers(state), ...(await shell(others)).split("\n").filter((line) => line)];
  },
};

/** Runs a case with the state folder on a small disk, which is repaired before anybody looks for what is left. */
async function onSmallDisk(one: Case): Promise<void> {
  const mount = () => shell('mount -o loop,errors=remount-ro "$1.ext4" "$1"', DISK);
  await shell('mkdir -p "$1"; rm -f "$1.ext4"; truncate -s 400M "$1.ext4"; mke2fs -q -t ext4 -m 0 "$1.ext4"', DISK);
  await mount();
  try {
    await copyImage(STATE, SMALL_PLACE.state);
    await tryFault(SMALL_PLACE, one, async () => {
      // A copy: others may have copied the mount into a namespace of their own, and so keep the broken one in use.
      const script = `umount "$1"; cp --sparse=always "$1.ext4" "$1.copy"; mv "$1.copy" "$1.ext4"
        e2fsck -p "$1.ext4" >/dev/null || [ $? -eq 1 ]`;
      await shell(script, DISK);
      await mount();
    });
  } catch (error) {
    // What is wrong may hold it still, and is what there is to tell.
    await shell('umount -l "$1"; rm "$1.ext4"', DISK);
    throw error;
  }
  await shell('umount "$1"; rm "$1.ext4"', DISK);
}

/** What is done to the disk under a job that fails, and one that does not. */
const FAULTS = ([0, 3] as const).flatMap((exits): Fault[] =>
  Object.entries({ "a full disk": fillDisk, "a disk that becomes read-only": breakDisk }).map(([what, fault]) => ({
    name: `${what} under a job that exits with ${exits}`,
    // QEMU is just being started at the others: what it has of its files by then is a matter of luck.
    points: COLD_POINTS.filter((point) => point !== "qmp" && point !== "launch"),
    exits,
    fault,
    // There is no room for a guest's state.
    flags: ["--min-free", "100M", ...COLD],
    expected: (point) =>
      // Nobody can say at the job's end whether its last words had found their place by then.
      !isBefore(point) && point !== "ended" && (exits === 3 || isAfterVm(point))
        ? own(exits)
        : ["infra", isBeforeStart(point) ? 125 : 123],
  }))
);

testFaults(casesOf(FAULTS), () => prepareState("disks"), (_state, one) => onSmallDisk(one));

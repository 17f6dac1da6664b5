/**
 * Gives a VMM that is a user of its own what it needs of berth's files: to write the files that are its VM's, to read
 * its images, and nothing else. It can't make a file, remove one, or put another one in its place.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { BerthError, describeError } from "../base/errors.ts";
import { AGENT_SOCKET, nodeWindow, QMP_SOCKET } from "../host/windows.ts";
import { groupsFor, readNodes } from "../host/nodes.ts";
import { copyDisk, type DiskIo } from "../disk/disk.ts";
import { devicesOf, VM_FILES, type VmJail, type VmPlan } from "../vmm/vmm.ts";

/** Anybody may read it. Where it is, nobody but berth and its VMM comes. */
const READABLE = 0o004;

/**
 * Makes the VM's files the VMM's.
 *
 * @returns the plan with files that the VMM can use (it gets a copy of an image that it may not read), and with the length
 * that a file of its may have: that of its longest disk, or of the host's.
 */
export async function chownToVmm(vm: VmPlan, io: DiskIo): Promise<VmPlan> {
  const disks = vm.disks.filter(({ readOnly }) => !readOnly).map(({ path }) => path);
  const { blocks, bsize } = await statfs(vm.folder);
  const lengths = await Promise.all(disks.map(async (path) => (await Deno.stat(path)).size));
  const plan = { ...vm, fileBytes: Math.max(blocks * bsize, ...lengths) };
  const { jail } = vm;
  return jail?.user === undefined ? plan : await lend(plan, { ...jail, user: jail.user }, io);
}

async function lend(vm: VmPlan, jail: VmJail & { readonly user: number }, io: DiskIo): Promise<VmPlan> {
  const { user } = jail;
  const copy = async (path: string, name: string) => await readable(path, `${vm.folder}/${name}`, user, io);
  const plan = {
    ...vm,
    kernel: await copy(vm.kernel, "kernel"),
    initrd: await copy(vm.initrd, "initrd"),
    disks: await Promise.all(
      vm.disks.map(async (disk) => disk.readOnly ? { ...disk, path: await copy(disk.path, disk.serial) } : disk),
    ),
  };
  const written = Object.values(VM_FILES).map((name) => `${vm.folder}/${name}`);
  const disks = vm.disks.filter(({ readOnly }) => !readOnly).map(({ path }) => path);
  const nodes = (await readNodes()).map(nodeWindow);
  for (const path of [...written, ...disks, QMP_SOCKET, AGENT_SOCKET, ...nodes]) await give(path, user);
  // To go through, to what it knows the name of.
  await Deno.chmod(vm.folder, 0o711);
  return { ...plan, jail: { ...jail, groups: await groupsOf(vm) } };
}

/** @throws {BerthError} `host.device`. */
async function groupsOf(vm: VmPlan): Promise<number[]> {
  const groups = new Set<number>();
  for (const path of devicesOf(vm)) {
    const needed = await groupsFor(path);
    if (!needed) throw new BerthError("host.device", `${path}: only root may open it, and VMMs are users of their own`);
    for (const group of needed) groups.add(group);
  }
  return [...groups];
}

async function give(path: string, user: number): Promise<void> {
  try {
    await Deno.chown(path, user, user);
  } catch (cause) {
    throw new BerthError("host.jail", `${path} can't be given to a user of the VM's own: ${describeError(cause)}`, {
      cause,
    });
  }
}

async function readable(path: string, place: string, user: number, io: DiskIo): Promise<string> {
  const { mode } = await Deno.stat(path);
  if ((mode ?? 0) & READABLE) return path;
  await copyDisk(path, place, io);
  await give(place, user);
  await Deno.chmod(place, 0o400);
  return place;
}

/**
 * Gives a VMM that is a user of its own what it needs of berth's files: to write the files that are its VM's, to read
 * its images, and nothing else. It can't make a file, remove one, or put another one in its place.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { BerthError, describeError } from "../base/errors.ts";
import { nodeWindow } from "../host/windows.ts";
import { groupsFor, readNodes } from "../host/nodes.ts";
import { copyDisk, type DiskIo } from "../disk/disk.ts";
import { devicesOf } from "../vmm/launch.ts";
import { laneFiles, VM_FILES, type VmmTraits, type VmPlan } from "../vmm/vmm.ts";
import type { FileFacts } from "./launch_plan.ts";

/** Anybody may read it. Where it is, nobody but berth and its VMM comes. */
const READABLE = 0o004;

/** What a VMM opens beside its VM's files. */
type OpenedByVmm = Pick<VmmTraits, "sockets" | "devices">;

/**
 * Makes the VM's files the VMM's.
 *
 * @returns what has to be known of them to launch it.
 */
export async function chownToVmm(vm: VmPlan, vmm: OpenedByVmm, io: DiskIo): Promise<FileFacts> {
  const written = vm.disks.filter(({ readOnly }) => !readOnly).map(({ path }) => path);
  const { blocks, bsize } = await statfs(vm.folder);
  const lengths = await Promise.all(written.map(async (path) => (await Deno.stat(path)).size));
  const fileBytes = Math.max(blocks * bsize, ...lengths);
  const user = vm.jail?.user;
  if (user === undefined) return { fileBytes, copies: new Map() };
  const read = [
    ...(vm.state === undefined ? [[vm.kernel, "kernel"], [vm.initrd, "initrd"]] : []),
    ...vm.disks.filter(({ readOnly }) => readOnly).map(({ path, serial }) => [path, serial]),
  ];
  const copies = new Map<string, string>();
  for (const [path, name] of read) {
    const place = await readable(path, `${vm.folder}/${name}`, user, io);
    if (place !== path) copies.set(path, place);
  }
  const names = [
    VM_FILES.serial,
    VM_FILES.artifacts,
    VM_FILES.identity,
    ...laneFiles(vm).flatMap((one) => Object.values(one)),
  ];
  const files = names.map((name) => `${vm.folder}/${name}`);
  const nodes = (await readNodes()).map(nodeWindow);
  for (const path of [...files, ...written, ...vmm.sockets, ...nodes]) await give(path, user);
  // To go through, to what it knows the name of.
  await Deno.chmod(vm.folder, 0o711);
  return { fileBytes, copies, groups: await groupsOf(vm, vmm) };
}

/** @throws {BerthError} `host.device`. */
async function groupsOf(vm: VmPlan, vmm: OpenedByVmm): Promise<number[]> {
  const groups = new Set<number>();
  for (const path of devicesOf(vm, vmm)) {
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

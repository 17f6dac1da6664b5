/**
 * The files of a VM, most of which it writes, created and opened before the VM exists.
 *
 * They are read through these handles only: the folder is the VMM's as well, and one that broke out of its VM could put
 * a link to another file of the host in the place of its own.
 *
 * @module
 */

import { clearIdentity } from "../guest/identity.ts";
import type { GuestOutput, GuestStream } from "../guest/link.ts";
import { laneFiles, VM_FILES, type VmPlan } from "../vmm/vmm.ts";

/** The open files, by what they hold. */
export interface VmFiles {
  /** Of each lane. */
  readonly outputs: readonly GuestOutput[];
  readonly serial: GuestStream;
  readonly artifacts: GuestStream;
  /** What tells the guest who it is. */
  readonly identity: Deno.FsFile;
}

/** Creates them, and hands each one to `own`. */
export function createVmFiles(vm: Pick<VmPlan, "folder" | "lanes">, own: (file: Deno.FsFile) => void): VmFiles {
  const create = (name: string): GuestStream => {
    const path = `${vm.folder}/${name}`;
    const file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
    own(file);
    return { file, path };
  };
  return {
    outputs: laneFiles(vm).map(({ stdout, stderr }) => ({ stdout: create(stdout), stderr: create(stderr) })),
    serial: create(VM_FILES.serial),
    artifacts: create(VM_FILES.artifacts),
    identity: createIdentity(create(VM_FILES.identity).file),
  };
}

/** As long as it will be: its size is that of the guest's disk. */
function createIdentity(file: Deno.FsFile): Deno.FsFile {
  clearIdentity(file);
  return file;
}

/** How much of each log is kept for whoever has to find out why a VM ended. */
const TAIL_BYTES = 4096;

/** The last bytes of a VM's log. */
export interface LogTail {
  readonly name: "serial.log" | "vmm.log";
  readonly text: string;
}

/** What the VMM has said itself, of which only the end is kept. */
export class VmmWords {
  #text = "";

  add(piece: string): void {
    // A character has a byte at least.
    this.#text = (this.#text + piece).slice(-TAIL_BYTES);
  }

  tail(): LogTail {
    const bytes = new TextEncoder().encode(this.#text).slice(-TAIL_BYTES);
    return { name: "vmm.log", text: new TextDecoder().decode(bytes) };
  }
}

/** The last bytes of the guest's console. */
export function readSerialTail({ serial: { file: serial } }: Pick<VmFiles, "serial">): LogTail {
  serial.seekSync(-Math.min(serial.statSync().size, TAIL_BYTES), Deno.SeekMode.End);
  const bytes = new Uint8Array(TAIL_BYTES);
  return { name: "serial.log", text: new TextDecoder().decode(bytes.subarray(0, serial.readSync(bytes) ?? 0)) };
}

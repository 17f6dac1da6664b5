/**
 * The files that a VM writes, created and opened before the VM exists.
 *
 * They are read through these handles only: the folder is the VMM's as well, and one that broke out of its VM could put
 * a link to another file of the host in the place of its own.
 *
 * @module
 */

import { VM_FILES } from "../vmm/vmm.ts";

/** The open files, by what they hold. */
export type VmFiles = Readonly<Record<keyof typeof VM_FILES, Deno.FsFile>>;

/** Creates them, and hands each one to `own`. */
export function createVmFiles(folder: string, own: (file: Deno.FsFile) => void): VmFiles {
  const create = (name: string) => {
    const file = Deno.openSync(`${folder}/${name}`, { read: true, write: true, createNew: true, mode: 0o600 });
    own(file);
    return file;
  };
  return {
    stdout: create(VM_FILES.stdout),
    stderr: create(VM_FILES.stderr),
    serial: create(VM_FILES.serial),
    artifacts: create(VM_FILES.artifacts),
  };
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
export function readSerialTail({ serial }: VmFiles): LogTail {
  serial.seekSync(-Math.min(serial.statSync().size, TAIL_BYTES), Deno.SeekMode.End);
  const bytes = new Uint8Array(TAIL_BYTES);
  return { name: "serial.log", text: new TextDecoder().decode(bytes.subarray(0, serial.readSync(bytes) ?? 0)) };
}

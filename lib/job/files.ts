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

/** The last bytes of a file, as text. */
export async function readTail(file: Deno.FsFile, limitBytes: number): Promise<string> {
  const { size } = await file.stat();
  await file.seek(Math.max(0, size - limitBytes), Deno.SeekMode.Start);
  const bytes = new Uint8Array(limitBytes);
  return new TextDecoder().decode(bytes.subarray(0, await file.read(bytes) ?? 0));
}

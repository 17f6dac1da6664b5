/**
 * A writer, and a reader, of cpio archives in the "newc" form, which is what the kernel unpacks as initramfs.
 *
 * The same entries give the same bytes: no clock, no inode number and no owner of the building host gets in.
 * The form is described in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
 *
 * @module
 */

const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** Member of an archive. Paths are relative and have no `.` or `..`. */
export type CpioEntry =
  | { readonly type: "directory"; readonly path: string; readonly mode: number }
  | { readonly type: "symlink"; readonly path: string; readonly target: string }
  | { readonly type: "file"; readonly path: string; readonly mode: number; readonly data: Uint8Array };

/** Writes an archive; parents must come before their children, as the kernel creates no missing folder. */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap((entry, index) => member(entry, index + 1));
  parts.push(...header({ name: "TRAILER!!!", inode: 0, mode: 0, links: 1, size: 0 }));
  return concatenate(parts);
}

function member(entry: CpioEntry, inode: number): Uint8Array[] {
  const data = entry.type === "file"
    ? entry.data
    : entry.type === "symlink"
    ? new TextEncoder().encode(entry.target)
    : new Uint8Array();
  const permissions = entry.type === "symlink" ? 0o777 : entry.mode;
  const links = entry.type === "directory" ? 2 : 1;
  const mode = TYPE_BITS[entry.type] | permissions;
  return [...header({ name: entry.path, inode, mode, links, size: data.length }), data, padding(data.length)];
}

interface Header {
  readonly name: string;
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
}

/** The header, the name with its NUL, and the zeros up to the next multiple of four. */
function header({ name, inode, mode, links, size }: Header): Uint8Array[] {
  const bytes = new TextEncoder().encode(name + "\0");
  // magic, then: inode mode uid gid nlink mtime size devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, bytes.length, 0];
  const text = "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  return [new TextEncoder().encode(text), bytes, padding(text.length + bytes.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - length % 4) % 4);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Files of an archive that {@linkcode writeCpio} has written; undefined when it is something else. */
export function readCpioFiles(archive: Uint8Array): Map<string, Uint8Array> | undefined {
  const files = new Map<string, Uint8Array>();
  const text = (start: number, end: number) => new TextDecoder("latin1").decode(archive.subarray(start, end));
  const aligned = (length: number) => length + (4 - length % 4) % 4;
  for (let offset = 0; text(offset, offset + 6) === "070701";) {
    const field = (index: number) => parseInt(text(offset + 6 + 8 * index, offset + 14 + 8 * index), 16);
    const [mode, size, nameLength] = [field(1), field(6), field(11)];
    const name = text(offset + 110, offset + 110 + nameLength - 1);
    if (name === "TRAILER!!!") return files;
    const data = offset + aligned(110 + nameLength);
    if (!(data + size <= archive.length)) return undefined;
    if ((mode & 0o170000) === TYPE_BITS.file) files.set(name, archive.subarray(data, data + size));
    offset = data + aligned(size);
  }
}

/**
 * A writer of tar archives that writes whatever it is told, as a hostile guest would.
 *
 * @module
 */

const BLOCK = 512;

/** A member, honest or not. Text is written as UTF-8; bytes as they are. */
export interface Member {
  readonly name: string | Uint8Array;
  /** The type flag: `0` file, `1` hard link, `2` symlink, `3` and `4` devices, `5` folder, `6` FIFO, `L`, `K`, `x`… */
  readonly flag?: string;
  readonly link?: string | Uint8Array;
  readonly data?: string | Uint8Array;
  readonly mode?: number;
  /** A size that is not the data's. */
  readonly size?: number;
  readonly prefix?: string;
  readonly mtime?: number;
  /** The size field as it is to stand there. */
  readonly rawSize?: Uint8Array;
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0") + "\0";
}

/** Puts the sum in that the rest of the header asks for. */
export function sealHeader(header: Uint8Array): void {
  header.fill(32, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(bytesOf(octal(sum, 6) + " "), 148);
}

function header(member: Member, size: number): Uint8Array {
  const { flag = "0", mode = 0o644, mtime = 1, prefix = "" } = member;
  const block = new Uint8Array(BLOCK);
  block.set(bytesOf(member.name).subarray(0, 100), 0);
  block.set(bytesOf(octal(mode, 7)), 100);
  block.set(bytesOf(octal(0, 7) + octal(0, 7)), 108);
  block.set(member.rawSize ?? bytesOf(octal(size, 11)), 124);
  block.set(bytesOf(octal(mtime, 11)), 136);
  block.set(bytesOf(flag), 156);
  block.set(bytesOf(member.link ?? "").subarray(0, 100), 157);
  block.set(bytesOf("ustar\x0000"), 257);
  block.set(bytesOf(prefix), 345);
  sealHeader(block);
  return block;
}

function padded(data: Uint8Array): Uint8Array {
  const block = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK);
  block.set(data);
  return block;
}

/** The blocks of one member; a name or link that is too long gets a header of its own in front, as GNU has it. */
export function tarMember(member: Member): Uint8Array[] {
  const data = bytesOf(member.data ?? "");
  const long = (flag: string, text: string | Uint8Array | undefined) => {
    const bytes = bytesOf(text ?? "");
    return bytes.length > 100 ? tarMember({ name: "././@LongLink", flag, data: new Uint8Array([...bytes, 0]) }) : [];
  };
  const longFields = [...long("L", member.name), ...long("K", member.link)];
  return [...longFields, header(member, member.size ?? data.length), padded(data)];
}

/** An archive, with its end. */
export function tarOf(...members: Member[]): Uint8Array<ArrayBuffer> {
  const blocks = [...members.flatMap(tarMember), new Uint8Array(2 * BLOCK)];
  const whole = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    whole.set(block, offset);
    offset += block.length;
  }
  return whole;
}

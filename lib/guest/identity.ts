/**
 * Who a guest is: what stands on the disk that it reads when it is asked. See agent/init.sh.
 *
 *     0      the token, and on the next line the serials of its disks, in their order
 *     512    random bytes, 512
 *     1024   the time: seconds since 1970 and nanoseconds, 8 bytes each, little-endian
 *
 * @module
 */

/** What a guest is told. */
export interface Identity {
  /** What it proves itself with. */
  readonly token: string;
  /** Of the disks that it has beside its root. */
  readonly serials: readonly string[];
}

/** The size of the disk, bytes. */
export const IDENTITY_BYTES = 4096;
const SEED_AT = 512;
const SEED_BYTES = 512;
const TIME_AT = 1024;

/** The disk's content. Pure. @param seed as many random bytes as stand there. @param nowMs since 1970. */
export function planIdentity({ token, serials }: Identity, seed: Uint8Array, nowMs: number): Uint8Array<ArrayBuffer> {
  const words = new TextEncoder().encode(`${token}\n${serials.join(" ")}\n`);
  if (words.length > SEED_AT) throw new RangeError(`${serials.length} disks are more than an identity has room for`);
  const bytes = new Uint8Array(IDENTITY_BYTES);
  bytes.set(words);
  bytes.set(seed.subarray(0, SEED_BYTES), SEED_AT);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(TIME_AT, BigInt(Math.floor(nowMs / 1000)), true);
  view.setBigUint64(TIME_AT + 8, BigInt((nowMs % 1000) * 1e6), true);
  return bytes;
}

/** Writes it into the disk's file, with randomness of its own, and the time of now. */
export function writeIdentity(file: Deno.FsFile, identity: Identity): void {
  const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  rewrite(file, planIdentity(identity, seed, Date.now()));
}

/** Takes it back: what a guest is told once it needs no more, and its job is not to find it. */
export function clearIdentity(file: Deno.FsFile): void {
  rewrite(file, new Uint8Array(IDENTITY_BYTES));
}

function rewrite(file: Deno.FsFile, bytes: Uint8Array): void {
  file.seekSync(0, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

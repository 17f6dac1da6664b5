/**
 * What a source is: told by its first bytes and, of an archive, by the names of its first members. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";

/** How an archive is compressed. */
export type Compression = "none" | "gzip" | "xz" | "zstd";

/** What an archive holds. */
export type ArchiveForm = "root" | "oci" | "docker";

/** Tar's unit. */
const BLOCK_BYTES = 512;

const MAGIC: readonly (readonly [Compression | "bzip2", readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/**
 * How a file is compressed; what is not compressed must be a tar.
 *
 * @param head its first 512 bytes, or fewer. @throws {BerthError} `image.import` for what is neither.
 */
export function detectCompression(head: Uint8Array, where: string): Compression {
  if (head.length === 0) throw new BerthError("image.import", `${where}: this file is empty`);
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte))?.[0];
  if (found === "bzip2") {
    throw new BerthError("image.import", `${where}: bzip2 is not supported; pack it with zstd, xz or gzip`);
  }
  if (found) return found;
  if (isTarHeader(head)) return "none";
  throw new BerthError("image.import", `${where}: this is neither a tar archive nor one packed by gzip, xz or zstd`);
}

/** A digest as file names have it. */
const HASH = "[0-9a-f]{64}";
/** Members that only an archive of images begins with; a root file system has none of these at its top. */
const OCI = new RegExp(`^(oci-layout|index\\.json|blobs/sha256/${HASH})$`);
const DOCKER = new RegExp(
  `^(manifest\\.json|repositories|(sha256:)?${HASH}(\\.json|\\.tar(\\.gz)?)?|${HASH}/(layer\\.tar|VERSION|json))$`,
);
/** What archives of images and others may begin with: the next member tells. */
const UNDECIDED = /^(|blobs|blobs\/sha256|config\.json)$/;

/**
 * What a tar is by the bytes that it begins with; `undefined` when they do not tell yet and there may be more.
 *
 * The first members are enough, whatever comes later: an archive of images has nothing else at its top.
 */
export function detectArchive(head: Uint8Array, isWhole: boolean): ArchiveForm | undefined {
  for (let offset = 0; offset + BLOCK_BYTES <= head.length;) {
    const block = head.subarray(offset, offset + BLOCK_BYTES);
    // What is no tar, or not quite, is for the packer to refuse, in its own words.
    if (!isTarHeader(block)) return "root";
    const size = parseInt(field(block, 124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size) || size < 0) return "root";
    const name = field(block, 0, 100).replace(/^(\.?\/)+/, "").replace(/(^\.|\/+)$/, "");
    // Extended headers (PAX, GNU's long names) stand in front of their member, and say nothing about the form.
    const isExtension = "gxLK".includes(String.fromCharCode(block[156]));
    if (!isExtension && !UNDECIDED.test(name)) return OCI.test(name) ? "oci" : DOCKER.test(name) ? "docker" : "root";
    offset += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return isWhole ? "root" : undefined;
}

function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_BYTES) return false;
  const sum = block.subarray(0, BLOCK_BYTES).reduce(
    (total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte),
    0,
  );
  return parseInt(field(block, 148, 8).trim(), 8) === sum;
}

function field(block: Uint8Array, offset: number, length: number): string {
  const text = new TextDecoder("latin1").decode(block.subarray(offset, offset + length));
  return text.split("\0", 1)[0];
}

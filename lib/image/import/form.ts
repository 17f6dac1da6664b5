/**
 * What a source is: told by its first bytes and, of an archive, by the names of its members. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { isTarHeader, type Member, Members } from "./members.ts";

/** Compression of an archive. */
export type Compression = "none" | "gzip" | "xz" | "zstd";

/** Form of an archive's content. */
export type ArchiveForm = "root" | "oci" | "docker";

const MAGIC: readonly (readonly [Compression | "bzip2", readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/**
 * Compression of a file; one that is not compressed must be a tar.
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
/** What names the images of an archive, and so tells its form. */
const OCI = /^(oci-layout|index\.json)$/;
const DOCKER = /^(manifest\.json|repositories)$/;
/** What only an archive of images has at its top. Which form it is, others tell, which may come last. */
const BLOB = new RegExp(`^blobs/sha256/${HASH}$`);
const LAYER = new RegExp(`^((sha256:)?${HASH}(\\.json|\\.tar(\\.gz)?)?|${HASH}/(layer\\.tar|VERSION|json))$`);
/** What an archive of images may have at its top beside, as others have, too. */
const UNDECIDED = /^(|blobs|blobs\/sha256)$/;

/** Reader that finds out what a tar holds, as it streams by. */
export class FormReader {
  /** Known as soon as a member tells. */
  form?: ArchiveForm;
  /** The mode of the folder that all of it is in; most archives begin with that. */
  rootMode?: number;
  #seen?: "oci" | "docker";
  readonly #members = new Members((member) => this.form ??= this.#judge(member));

  push(chunk: Uint8Array): void {
    this.#members.push(chunk);
    // What is no tar, or not quite, is for the packer to refuse, in its own words.
    if (this.#members.isLost) this.form ??= "root";
  }

  /** For when there is no more of it. What has parts of images and no list of them is not complete. */
  end(): ArchiveForm {
    return this.form ?? this.#seen ?? "root";
  }

  #judge({ name, flag, mode }: Member): ArchiveForm | undefined {
    if (name === "" && flag === "5") this.rootMode ??= mode;
    if (OCI.test(name)) return "oci";
    if (DOCKER.test(name)) return "docker";
    if (BLOB.test(name)) this.#seen ??= "oci";
    else if (LAYER.test(name)) this.#seen ??= "docker";
    // A file at the top says nothing, a folder of another name does.
    else if (!this.#seen && !UNDECIDED.test(name) && (name.includes("/") || !"0\0".includes(flag))) return "root";
  }
}

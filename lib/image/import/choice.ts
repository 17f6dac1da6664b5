/**
 * Which image of several is meant. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { isRunnable } from "./config.ts";
import { plainWords } from "./words.ts";

/** Image of several: its names, and its position in their list. */
export interface Candidate {
  /** What `--ref` may name it by, beside its digest; the first one is shown. */
  readonly names: readonly string[];
  /** What it is: two of the same are one image. */
  readonly digest?: string;
  readonly position: number;
  /** What it is for, where the list says so. */
  readonly platform?: { readonly os: string; readonly architecture: string };
  /** Or something about one, which is put beside it. */
  readonly isImage: boolean;
}

const SHOWN = 20;

/**
 * Image that is meant: the one of that name, the only one, or the only one for this machine.
 *
 * @throws {BerthError} with a list of what `--ref` takes.
 */
export function chooseImage(candidates: readonly Candidate[], ref: string | undefined, where: string): Candidate {
  const images = candidates.filter(({ isImage }) => isImage);
  if (images.length === 0) throw new BerthError("image.import", `${where}: there is no image in it`);
  const called = ref === undefined ? images : images.filter((image) => isCalled(image, ref));
  const matching = distinct(ofThisMachine(called));
  if (matching.length === 1) return matching[0];
  // What the only one is for, its config tells.
  const [only, ...others] = distinct(called);
  if (only && others.length === 0) return only;
  if (called.length > 0 && matching.length === 0) {
    throw new BerthError("image.import", `${where}: no image of it is for linux/amd64: ${describe(called)}`);
  }
  if (matching.length === 0) {
    throw new BerthError("image.import", `${where}: no image of it has the name "${ref}": ${describe(images)}`);
  }
  const problem = ref === undefined
    ? "it has several images; choose one with --ref"
    : `several of its images have the name "${ref}"; choose one with --ref`;
  throw new BerthError("image.import", `${where}: ${problem}: ${describe(matching)}`);
}

function isCalled({ names, digest }: Candidate, ref: string): boolean {
  return ref === digest || names.includes(ref) || names.includes(`${ref}:latest`);
}

/** Those that say that they are for it; where none does, those that do not say what they are for. */
function ofThisMachine(images: readonly Candidate[]): readonly Candidate[] {
  const said = images.filter(({ platform }) => platform && isRunnable(platform));
  return said.length ? said : images.filter(({ platform }) => platform === undefined);
}

function distinct(images: readonly Candidate[]): Candidate[] {
  return images.filter(({ digest }, index) =>
    digest === undefined || images.findIndex((other) => other.digest === digest) === index
  );
}

/** Each by a name that only it has, or by its digest, and what it is for. */
function describe(images: readonly Candidate[]): string {
  const shown = images.slice(0, SHOWN).map((image) => {
    const own = image.names.find((name) => images.filter(({ names }) => names.includes(name)).length === 1);
    const name = own ?? image.digest ?? image.names[0];
    const { platform } = image;
    return plainWords(platform ? `${name} (${platform.os || "linux"}/${platform.architecture || "amd64"})` : name);
  });
  const more = images.length - shown.length;
  return shown.join(", ") + (more > 0 ? `, and ${more} more` : "");
}

/**
 * Builds a package from a binary.
 *
 * @module
 */

import type { Release } from "./control.ts";
import { packageTexts } from "./texts.ts";

/** The machine in an ELF file's head that the package is for: x86-64, little-endian. */
const MACHINE = [0x3e, 0];

/** What to make of what. Paths are absolute. */
export interface Build {
  readonly binary: string;
  /** Made anew, whatever a killed build has left of it, and gone afterwards. */
  readonly workFolder: string;
  readonly package: string;
  readonly release: Release;
}

/** @throws when one of Debian's tools fails. */
export async function buildPackage({ binary, workFolder, package: target, release }: Build): Promise<void> {
  await removeFolder(workFolder);
  for (const folder of ["debian", "man"]) await Deno.mkdir(`${workFolder}/${folder}`, { recursive: true });
  try {
    for (const [path, text] of await packageTexts(release)) await Deno.writeTextFile(`${workFolder}/${path}`, text);
    const fixed = new URL(".", import.meta.url).pathname;
    const command = new Deno.Command("sh", {
      args: [`${fixed}build.sh`, binary, workFolder, fixed, target],
      env: { SOURCE_DATE_EPOCH: String(release.atSeconds), LC_ALL: "C.UTF-8" },
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    });
    const { success } = await command.spawn().status;
    if (!success) throw new Error("the package was not built: see the words above");
  } finally {
    await removeFolder(workFolder);
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** @throws when it is not there, or not for the package's machine. */
export async function expectBinary(path: string): Promise<void> {
  const head = new Uint8Array(20);
  try {
    using file = await Deno.open(path);
    await file.read(head);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${path} is not there; deno task compile makes it`);
  }
  const isElf = new TextDecoder().decode(head.subarray(1, 4)) === "ELF";
  if (!isElf || head[18] !== MACHINE[0] || head[19] !== MACHINE[1]) {
    throw new Error(`${path} is no program for x86-64, which the package is for`);
  }
}

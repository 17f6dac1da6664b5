/**
 * `berth image ls`: the table of images.
 *
 * @module
 */

import { formatAge, formatBytes } from "../../base/units.ts";
import type { ListedImage } from "../../app/list_images.ts";
import { LS_FLAGS } from "../line/subcommand_flags.ts";
import { expectNone, splitNames, type Subcommand } from "../line/subcommand.ts";
import { parseFlags } from "../line/parse.ts";
import { formatTable } from "../terminal/table.ts";

export interface LsArgs {
  readonly json: boolean;
}

export const LS: Subcommand<LsArgs> = {
  name: "ls",
  usage: "[--json]",
  summary: "list the images, and the jobs that run on them",
  flags: LS_FLAGS,
  more: `SIZE is that of all files of an image, those that it shares with others included. AGE is since it was built.`,
  windows: [],
  parse: parseLsArgs,
  act: async ({ json }, { words }) => {
    const images = await (await import("../../app/list_images.ts")).listImages();
    for (const { name, problem } of images) if (problem) words.note(`image "${name}" can't be run: ${problem}`);
    if (json) console.log(renderJson(images));
    else for (const line of renderTable(images, Date.now())) console.log(line);
  },
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseLsArgs(argv: readonly string[]): LsArgs {
  const { flags, names } = splitNames(argv);
  const parsed = parseFlags(flags, LS_FLAGS);
  expectNone(names, "berth image ls");
  return { json: parsed.has("json") };
}

const HEADER = ["NAME", "SIZE", "AGE", "KERNEL", "USED BY"];

/** The table for people, a line an image. */
export function renderTable(images: readonly ListedImage[], nowMs: number): string[] {
  const rows = images.map(({ name, sizeBytes, builtAtMs, kernelRelease, usedBy }) => [
    name,
    sizeBytes === undefined ? "-" : formatBytes(sizeBytes),
    formatAge(nowMs - builtAtMs),
    kernelRelease ?? "-",
    usedBy.join(",") || "-",
  ]);
  return formatTable([HEADER, ...rows]);
}

/** The same for programs: every image has every field, and `null` is what is not known. */
export function renderJson(images: readonly ListedImage[]): string {
  const time = (millis: number | undefined) => millis === undefined ? null : new Date(millis).toISOString();
  const list = images.map((image) => ({
    name: image.name,
    sizeBytes: image.sizeBytes ?? null,
    builtAt: time(image.builtAtMs),
    lastUsedAt: time(image.usedAtMs),
    kernelRelease: image.kernelRelease ?? null,
    from: image.origin?.from ?? null,
    kernel: image.origin?.kernel ?? null,
    usedBy: image.usedBy,
    problem: image.problem ?? null,
  }));
  return JSON.stringify(list, null, 2);
}

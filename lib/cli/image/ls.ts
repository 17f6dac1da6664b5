/**
 * `berth image ls`: the table of images.
 *
 * @module
 */

import { formatAge, formatBytes } from "../../base/units.ts";
import type { ListedImage } from "../../app/list_images.ts";
import type { Command } from "../line/command.ts";
import { LS_FLAGS, parseListArgs } from "../line/list.ts";
import { toJson } from "../terminal/json.ts";
import { formatTable } from "../terminal/table.ts";

/** `berth image ls`. */
export const LS: Command<{ readonly json: boolean }> = {
  name: "ls",
  usage: "[--json]",
  summary: "list the images, and the jobs that run on them",
  flags: LS_FLAGS,
  more: `SIZE is that of all files of an image, those that it shares with others included. AGE is since it was built.
TEMPLATES is how many saved states of its booted guests there are, and what they take of the disk.`,
  where: "host",
  windows: () => [],
  parse: (argv) => parseListArgs(argv, "berth image ls"),
  act: async ({ json }, words) => {
    const images = await (await import("../../app/list_images.ts")).listImages();
    for (const { name, problem } of images) if (problem) words.note(`image "${name}" can't be run: ${problem}`);
    if (json) console.log(renderJson(images, (text) => words.name(text)));
    else for (const line of renderTable(images, Date.now())) console.log(line);
  },
};

const HEADER = ["NAME", "SIZE", "AGE", "KERNEL", "TEMPLATES", "USED BY"];

/** The table for people, a line an image. */
export function renderTable(images: readonly ListedImage[], nowMs: number): string[] {
  const rows = images.map(({ name, sizeBytes, builtAtMs, kernelRelease, templates, usedBy }) => [
    name,
    sizeBytes === undefined ? "-" : formatBytes(sizeBytes),
    formatAge(nowMs - builtAtMs),
    kernelRelease ?? "-",
    templates.count ? `${templates.count}, ${formatBytes(templates.bytes)}` : "-",
    usedBy.join(",") || "-",
  ]);
  return formatTable([HEADER, ...rows]);
}

/**
 * The same for programs: every image has every field, and `null` is what is not known.
 *
 * @param nameOf gives texts the paths that the user knows.
 */
export function renderJson(images: readonly ListedImage[], nameOf?: (text: string) => string): string {
  const time = (millis: number | undefined) => millis === undefined ? null : new Date(millis).toISOString();
  const list = images.map((image) => ({
    name: image.name,
    sizeBytes: image.sizeBytes ?? null,
    builtAt: time(image.builtAtMs),
    lastUsedAt: time(image.usedAtMs),
    kernelRelease: image.kernelRelease ?? null,
    from: image.origin?.from ?? null,
    kernel: image.origin?.kernel ?? null,
    templates: image.templates,
    usedBy: image.usedBy,
    problem: image.problem ?? null,
  }));
  return toJson(list, 2, nameOf);
}

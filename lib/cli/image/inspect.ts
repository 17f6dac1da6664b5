/**
 * `berth image inspect`: an image's spec, complete.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError } from "../../base/errors.ts";
import { STATE } from "../../host/windows.ts";
import type { ImageSpec } from "../../image/spec.ts";
import type { Command } from "../line/command.ts";
import { parseNamed } from "../line/names.ts";
import { toJson } from "../terminal/json.ts";

/** Command line of `berth image inspect`. */
export interface InspectArgs {
  readonly name: string;
}

/** `berth image inspect`. */
export const INSPECT: Command<InspectArgs> = {
  name: "inspect",
  usage: "NAME",
  summary: "print an image's spec as JSON, with absolute paths",
  flags: [],
  more: "For a folder of your own (--image DIR), copy the files that it names into it, and name them relative to it.",
  where: "host",
  windows: () => [],
  parse: parseInspectArgs,
  act: async ({ name }, _words, stateDir) => {
    const { loadSpec } = await import("../../app/load_image.ts");
    const hostPath = stateDir.startsWith("/") ? join(stateDir) : join(Deno.cwd(), stateDir);
    console.log(renderSpec(await loadSpec(name), STATE, hostPath.replace(/\/$/, "")));
  },
};

/** @throws {BerthError} `usage.*`. Pure. */
function parseInspectArgs(argv: readonly string[]): InspectArgs {
  const names = parseNamed(argv, []).rest;
  if (names.length !== 1) throw new BerthError("usage.subcommand", "berth image inspect takes one name");
  return { name: names[0] };
}

/** The text of a resolved spec, with the host's paths in the place of the window's. */
export function renderSpec(spec: ImageSpec, window: string, hostPath: string): string {
  const toHost = (text: string) => text.startsWith(`${window}/`) ? hostPath + text.slice(window.length) : text;
  return toJson(spec, 2, toHost);
}

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
import { splitNames, type Subcommand } from "../line/subcommand.ts";
import { parseFlags } from "../line/parse.ts";

export interface InspectArgs {
  readonly name: string;
}

export const INSPECT: Subcommand<InspectArgs> = {
  name: "inspect",
  usage: "NAME",
  summary: "print an image's spec as JSON, with absolute paths",
  flags: [],
  more: "For a folder of your own (--image DIR), copy the files that it names into it, and name them relative to it.",
  windows: [],
  parse: parseInspectArgs,
  act: async ({ name }, { stateDir }) => {
    const { loadSpec } = await import("../../app/load_image.ts");
    const hostPath = stateDir.startsWith("/") ? join(stateDir) : join(Deno.cwd(), stateDir);
    console.log(renderSpec(await loadSpec(name), STATE, hostPath.replace(/\/$/, "")));
  },
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseInspectArgs(argv: readonly string[]): InspectArgs {
  const { flags, names } = splitNames(argv);
  parseFlags(flags, []);
  if (names.length !== 1) throw new BerthError("usage.subcommand", "berth image inspect takes one name");
  return { name: names[0] };
}

/** The text of a resolved spec, with the host's paths in the place of the window's. */
export function renderSpec(spec: ImageSpec, window: string, hostPath: string): string {
  const toHost = (_key: string, value: unknown) =>
    typeof value === "string" && value.startsWith(`${window}/`) ? hostPath + value.slice(window.length) : value;
  return JSON.stringify(spec, toHost, 2);
}

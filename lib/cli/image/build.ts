/**
 * `berth image build`.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseSize } from "../../base/units.ts";
import type { BuildRequest } from "../../image/build.ts";
import type { Window } from "../../host/windows.ts";
import { BUILD_FLAGS } from "../line/subcommand_flags.ts";
import { parseKernelArgs } from "./import_args.ts";
import type { Subcommand } from "../line/subcommand.ts";
import { parseFlags } from "../line/parse.ts";
import { BUILD_WINDOWS } from "../run/run.ts";
import { optional } from "../line/values.ts";

/** What is to be built. */
export interface BuildArgs {
  readonly request: BuildRequest;
  /** Those that its kernel takes. */
  readonly kernelWindows: readonly Window[];
  readonly quiet: boolean;
}

export const BUILD: Subcommand<BuildArgs> = {
  name: "build",
  usage: "NAME [flags]",
  summary: "build an image, or build it anew",
  flags: BUILD_FLAGS,
  more: `Without --debian the image has berth's own small root file system (busybox), like the image "default".
Of two that build the same at once, one builds and the other one waits for it.`,
  windows: ({ kernelWindows }) => [...BUILD_WINDOWS, ...kernelWindows],
  parse: parseBuildArgs,
  isQuiet: ({ quiet }) => quiet,
  act: async ({ request }, { words }) => (await import("../../app/build_image.ts")).buildImage(request, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseBuildArgs(argv: readonly string[]): BuildArgs {
  // The name may stand before the flags or after them.
  const before = argv[0]?.startsWith("-") ? [] : argv.slice(0, 1);
  const flags = parseFlags(argv.slice(before.length), BUILD_FLAGS);
  const names = [...before, ...flags.rest];
  if (names.length !== 1) throw new BerthError("usage.subcommand", "berth image build takes one name");
  const suite = flags.value("debian");
  const packages = (flags.value("packages") ?? "").split(",").filter((name) => name);
  const wrong = [suite ?? "", ...packages].find((word) => !/^[a-z0-9.+:=~-]*$/i.test(word) || word.startsWith("-"));
  if (wrong !== undefined) throw new BerthError("usage.value", `"${wrong}" is not a name of a suite or a package`);
  if (packages.length && !suite) throw new BerthError("usage.flag", "--packages needs --debian SUITE");
  const { wish: kernel, windows: kernelWindows } = parseKernelArgs(flags);
  const minFreeBytes = optional(flags.value("min-free"), (text) => parseSize(text, "--min-free"));
  return {
    request: { name: names[0], debian: suite ? { suite, packages } : undefined, kernel, minFreeBytes },
    kernelWindows,
    quiet: flags.has("quiet"),
  };
}

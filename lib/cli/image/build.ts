/**
 * `berth image build`.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import type { BuildRequest } from "../../image/build.ts";
import type { Window } from "../../host/windows.ts";
import type { Command } from "../line/command.ts";
import type { Flag } from "../line/flag.ts";
import { parseNamed } from "../line/names.ts";
import { BUILD_MIN_FREE } from "../line/shared_flags.ts";
import { BUILD_WINDOWS } from "../../app/windows.ts";
import { BUILDER_FLAGS, parseKernelArgs } from "./kernel_args.ts";

/** Flags of `berth image build`. */
export const BUILD_FLAGS: readonly Flag[] = [
  { name: "debian", value: "SUITE", help: "make the root file system from this Debian suite, as in bookworm" },
  { name: "packages", value: "A,B,…", help: "with these packages and what they need" },
  ...BUILDER_FLAGS,
];

/** What is to be built. */
export interface BuildArgs {
  readonly request: BuildRequest;
  /** Those that its kernel takes. */
  readonly kernelWindows: readonly Window[];
  readonly quiet: boolean;
}

/** `berth image build`. */
export const BUILD: Command<BuildArgs> = {
  name: "build",
  usage: "NAME [flags]",
  summary: "build an image, or build it anew",
  flags: BUILD_FLAGS,
  more: `Without --debian the image has berth's own small root file system (busybox), like the image "default".
Of two that build the same at once, one builds and the other one waits for it.`,
  where: "host",
  windows: ({ kernelWindows }) => [...BUILD_WINDOWS, ...kernelWindows],
  parse: parseBuildArgs,
  isQuiet: ({ quiet }) => quiet,
  act: async ({ request }, words) => (await import("../../app/build_image.ts")).buildImage(request, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseBuildArgs(argv: readonly string[]): BuildArgs {
  const flags = parseNamed(argv, BUILD_FLAGS);
  const names = flags.rest;
  if (names.length !== 1) throw new BerthError("usage.subcommand", "berth image build takes one name");
  const suite = flags.value("debian");
  const packages = (flags.value("packages") ?? "").split(",").filter((name) => name);
  const wrong = [suite ?? "", ...packages].find((word) => !/^[a-z0-9.+:=~-]*$/i.test(word) || word.startsWith("-"));
  if (wrong !== undefined) throw new BerthError("usage.value", `"${wrong}" is not a name of a suite or a package`);
  if (packages.length && !suite) throw new BerthError("usage.flag", "--packages needs --debian SUITE");
  const { wish: kernel, windows: kernelWindows } = parseKernelArgs(flags);
  const minFreeBytes = BUILD_MIN_FREE.read(flags);
  return {
    request: { name: names[0], debian: suite ? { suite, packages } : undefined, kernel, minFreeBytes },
    kernelWindows,
    quiet: flags.has("quiet"),
  };
}

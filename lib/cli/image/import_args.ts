/**
 * The command line of `berth image import`, and the flags for kernels that `berth image build` has too. Pure.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { dirname, join } from "@std/path";
import type { ImportRequest } from "../../app/import_image.ts";
import { BerthError } from "../../base/errors.ts";
import { parseSize } from "../../base/units.ts";
import { KERNEL, KERNEL_FOLDER, KERNEL_LIB, KERNEL_MODULES, SOURCE, type Window } from "../../host/windows.ts";
import type { KernelWish } from "../../image/kernel_file.ts";
import { DEFAULT_UID_RANGE } from "../../job/spec.ts";
import { IMPORT_FLAGS } from "../line/subcommand_flags.ts";
import { type ParsedFlags, parseFlags } from "../line/parse.ts";
import { choice, optional, parseUidRange } from "../line/values.ts";

/** What a kernel is to be, and the windows that it takes. */
export interface KernelArgs {
  readonly wish?: KernelWish;
  readonly windows: readonly Window[];
}

/** What the user asks for. */
export interface ImportArgs extends Omit<ImportRequest, "proxies"> {
  readonly kernel: KernelArgs;
  readonly quiet: boolean;
}

/** @throws {BerthError} `usage.*`. */
export function parseImportArgs(argv: readonly string[]): ImportArgs {
  const flagsAt = argv.findIndex((word) => word.startsWith("-"));
  const before = flagsAt < 0 ? argv : argv.slice(0, flagsAt);
  const flags = parseFlags(argv.slice(before.length), IMPORT_FLAGS);
  const [name, source, ...more] = [...before, ...flags.rest];
  if (!name || !source || more.length) {
    throw new BerthError("usage.subcommand", "berth image import takes a name and a source");
  }
  const isRegistry = source.startsWith("docker://");
  if (isRegistry) expectReference(source);
  else if (/^[a-z-]+:\/\//.test(source)) {
    throw new BerthError("usage.value", `"${source}": docker:// is the only address that images are fetched from`);
  }
  const ref = flags.value("ref");
  if (isRegistry && ref !== undefined) {
    throw new BerthError("usage.flag", "--ref is for archives and layouts; docker://NAME:TAG names one image");
  }
  const minFreeBytes = optional(flags.value("min-free"), (text) => parseSize(text, "--min-free"));
  const kernel = parseKernelArgs(flags);
  const jail = choice(flags, "jail", ["require", "off"]);
  const uidRange = optional(flags.value("uid-range"), parseUidRange) ?? DEFAULT_UID_RANGE;
  return { name, source, isRegistry, ref, kernel, jail, uidRange, minFreeBytes, quiet: flags.has("quiet") };
}

/** It becomes a word of skopeo's command line. */
function expectReference(source: string): void {
  if (/^docker:\/\/[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(source)) return;
  throw new BerthError("usage.value", `"${source}" names no image; write docker://HOST/NAME:TAG`);
}

/** `--kernel host|debian|PATH` and `--modules DIR`. */
export function parseKernelArgs(flags: ParsedFlags): KernelArgs {
  const [kernel, modules] = [flags.value("kernel"), flags.value("modules")];
  const isPath = kernel !== undefined && kernel !== "host" && kernel !== "debian";
  if (modules !== undefined && !isPath) throw new BerthError("usage.flag", "--modules needs --kernel PATH");
  if (isPath && !kernel.includes("/")) {
    throw new BerthError(
      "usage.value",
      `--kernel: "${kernel}" is not one of host, debian; write ./${kernel} for a file`,
    );
  }
  if (!isPath) return { wish: kernel, windows: [] };
  const folder = dirname(kernel);
  return {
    wish: "file",
    windows: [
      { mode: "ro", target: KERNEL, source: kernel },
      // Beside the kernel its options may be. All of the host's files are no window.
      ...(folder === "/" ? [] : [{ mode: "optional", target: KERNEL_FOLDER, source: folder } as const]),
      ...(modules === undefined
        ? [{ mode: "optional", target: KERNEL_LIB, source: join(folder, "../lib/modules") } as const]
        : [{ mode: "folder", target: KERNEL_MODULES, source: modules } as const]),
    ],
  };
}

/** The windows of an import. */
export function importWindows({ source, isRegistry, kernel }: ImportArgs): Window[] {
  return [...(isRegistry ? [] : [{ mode: "linked", target: SOURCE, source } as const]), ...kernel.windows];
}

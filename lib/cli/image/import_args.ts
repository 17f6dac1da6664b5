/**
 * The command line of `berth image import`, understood. Pure.
 *
 * @module
 */

import type { ImportRequest } from "../../app/import_image.ts";
import { BerthError } from "../../base/errors.ts";
import { SOURCE, type Window } from "../../host/windows.ts";
import type { Flag } from "../line/flag.ts";
import { parseNamed } from "../line/names.ts";
import { BUILD_MIN_FREE, JAIL_USERS } from "../line/shared_flags.ts";
import { choice } from "../line/values.ts";
import { BUILDER_FLAGS, type KernelArgs, parseKernelArgs } from "./kernel_args.ts";

/** What `--jail` may be; the first is the default. */
const JAILS = ["require", "off"] as const;

/** Flags of `berth image import`. */
export const IMPORT_FLAGS: readonly Flag[] = [
  { name: "ref", value: "NAME", help: "which image, when the source has several" },
  {
    name: "jail",
    value: "require|off",
    help: "what reads SOURCE runs in bubblewrap; off is for sources that you trust",
    default: { value: JAILS[0] },
  },
  JAIL_USERS,
  ...BUILDER_FLAGS,
];

/** What the user asks for. */
export interface ImportArgs extends Omit<ImportRequest, "proxies"> {
  readonly kernel: KernelArgs;
  readonly quiet: boolean;
}

/** @throws {BerthError} `usage.*`. */
export function parseImportArgs(argv: readonly string[]): ImportArgs {
  const flags = parseNamed(argv, IMPORT_FLAGS);
  const [name, source, ...more] = flags.rest;
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
  const minFreeBytes = BUILD_MIN_FREE.read(flags);
  const kernel = parseKernelArgs(flags);
  const jail = choice(flags, "jail", JAILS);
  const uidRange = JAIL_USERS.read(flags);
  return { name, source, isRegistry, ref, kernel, jail, uidRange, minFreeBytes, quiet: flags.has("quiet") };
}

/** It becomes a word of skopeo's command line. */
function expectReference(source: string): void {
  if (/^docker:\/\/[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(source)) return;
  throw new BerthError("usage.value", `"${source}" names no image; write docker://HOST/NAME:TAG`);
}

/** The windows of an import. */
export function importWindows({ source, isRegistry, kernel }: ImportArgs): Window[] {
  return [...(isRegistry ? [] : [{ mode: "linked", target: SOURCE, source } as const]), ...kernel.windows];
}

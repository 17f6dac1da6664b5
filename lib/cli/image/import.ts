/**
 * `berth image import`.
 *
 * @module
 */

import type { Command } from "../line/command.ts";
import { BUILD_WINDOWS, usersWindow } from "../../app/windows.ts";
import { IMPORT_FLAGS, type ImportArgs, importWindows, parseImportArgs } from "./import_args.ts";

/** `berth image import`. */
export const IMPORT: Command<ImportArgs> = {
  name: "import",
  usage: "NAME SOURCE [flags]",
  summary: "make an image of any root file system",
  flags: IMPORT_FLAGS,
  more: `SOURCE is one of
  DIR                     a root file system, or an OCI layout
  FILE                    a tar of a root file system, an OCI archive, or what docker save writes; also packed
                          by gzip, xz or zstd: what it is, is told by its content
  docker://HOST/NAME:TAG  an image in a registry

Nothing of it is trusted: it is read by tools in a jail, and runs in VMs only. Owners, links and extended
attributes are kept. The command, environment, user and folder of an OCI image are those of its jobs.`,
  where: "host",
  windows: (args, { isRoot }) => [...BUILD_WINDOWS, ...importWindows(args), ...toolWindows(args, isRoot)],
  parse: parseImportArgs,
  isQuiet: ({ quiet }) => quiet,
  act: async (args, words) =>
    (await import("../../app/import_image.ts")).importImage({ ...args, proxies: proxies() }, words),
};

/** The users that tools may be. Without a jail they stay who berth is. */
function toolWindows({ jail }: ImportArgs, isRoot: boolean) {
  return isRoot && jail === "require" ? [usersWindow()] : [];
}

/** The way to a registry, as the user's environment has it. */
function proxies(): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "no_proxy"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

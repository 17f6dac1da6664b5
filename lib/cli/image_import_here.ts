/**
 * `berth image import` in the host process.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { SOURCE } from "../host/windows.ts";
import { buildImage } from "../image/build.ts";
import { planToolMemory } from "../image/import/tools.ts";
import { sweepBeforeBuild } from "../image/sweep.ts";
import { jailProblem } from "../process/jail_check.ts";
import { abortOnSignals, buildHost, openStore } from "./image_host.ts";
import type { ImportArgs } from "./image_import_args.ts";
import type { SubcommandContext } from "./subcommand.ts";

/** Imports; of two imports of the same name, the later one is the image. */
export async function importHere(args: ImportArgs, { words }: SubcommandContext): Promise<void> {
  const signal = abortOnSignals("image.import", "the import");
  words.hurryOn(signal);
  const store = openStore();
  const jailed = args.jail === "require";
  if (jailed) await expectJail();
  const onProgress = (line: string) => words.note(line);
  await sweepBeforeBuild(store, onProgress);
  using _lock = await store.lock(args.name, () => words.note("another berth is building it; waiting"), signal);
  const imported = {
    named: args.source,
    source: args.isRegistry ? { registry: args.source } : { path: SOURCE },
    ref: args.ref,
    proxies: proxies(),
    bounds: { jailed, memoryMaxBytes: planToolMemory(Deno.systemMemoryInfo().available) },
  };
  const { name, kernel, minFreeBytes } = args;
  await buildImage(store, buildHost(), { name, kernel: kernel.wish, imported, minFreeBytes }, { onProgress, signal });
}

/** @throws {BerthError} `host.jail`. */
async function expectJail(): Promise<void> {
  const problem = await jailProblem();
  if (problem === undefined) return;
  throw new BerthError(
    "host.jail",
    `the import's tools need their jail, and bubblewrap does not work here: ${problem.detail}`,
  );
}

/** The way to a registry, as the user's environment has it. */
function proxies(): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "no_proxy"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

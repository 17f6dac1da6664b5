/**
 * `berth image import`: any root file system becomes an image.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { ROOT, SOURCE } from "../host/windows.ts";
import { buildImage } from "../image/build.ts";
import type { KernelWish } from "../image/kernel_file.ts";
import { planToolMemory } from "../image/import/tools.ts";
import { sweepBeforeBuild } from "../image/sweep.ts";
import type { UidRange } from "../machine/vm_user.ts";
import { type ToolJail, writeFilters } from "../process/tool_jail.ts";
import { abortOnSignals } from "./abort_on_signals.ts";
import { buildHost, openStore } from "./stores.ts";
import { tryJail } from "./jail_trial.ts";
import type { Words } from "./words.ts";

/** What is to be imported. */
export interface ImportRequest {
  readonly name: string;
  /** A path of the host as the user named it, or `docker://…`. */
  readonly source: string;
  readonly isRegistry: boolean;
  readonly ref?: string;
  readonly kernel: { readonly wish?: KernelWish };
  readonly jail: "require" | "off";
  /** The users of the host that root's tools may be. */
  readonly uidRange: UidRange;
  readonly minFreeBytes?: number;
  /** The way to a registry: `http_proxy` and the like. */
  readonly proxies: Readonly<Record<string, string>>;
}

/** Imports; of two imports of the same name, the later one is the image. */
export async function importImage(args: ImportRequest, words: Words): Promise<void> {
  const signal = abortOnSignals("image.import", "the import");
  words.hurryOn(signal);
  const store = openStore();
  const onProgress = (line: string) => words.note(line);
  using open = args.jail === "require" ? await openToolJail(args, signal) : undefined;
  await sweepBeforeBuild(store, onProgress);
  using _lock = await store.lock(args.name, () => words.note("another berth is building it; waiting"), signal);
  const imported = {
    named: args.source,
    source: args.isRegistry ? { registry: args.source } : { path: SOURCE },
    ref: args.ref,
    proxies: args.proxies,
    bounds: { jail: open?.jail, memoryMaxBytes: planToolMemory(Deno.systemMemoryInfo().available) },
  };
  const { name, kernel, minFreeBytes } = args;
  await buildImage(store, buildHost(), { name, kernel: kernel.wish, imported, minFreeBytes }, { onProgress, signal });
}

/** The jail of all tools, whose user is free again when it is disposed. @throws {BerthError} `host.jail`, `host.users`. */
async function openToolJail(
  args: ImportRequest,
  signal: AbortSignal,
): Promise<{ readonly jail: ToolJail } & Disposable> {
  const open = await tryJail(args, signal);
  const { problem, rootProblem, jail: { user } } = open;
  if (problem || rootProblem) open[Symbol.dispose]();
  if (problem) {
    const what = `the import's tools need their jail, and bubblewrap does not work here: ${problem.detail}`;
    throw new BerthError("host.jail", what);
  }
  if (rootProblem) throw new BerthError("host.users", `the import's tools need users of their own: ${rootProblem}`);
  return { jail: { user, filters: await writeFilters(ROOT) }, [Symbol.dispose]: () => open[Symbol.dispose]() };
}

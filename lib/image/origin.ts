/**
 * `origin.json`: what an image of the store was made from, and when.
 *
 * @module
 */

import * as z from "zod";
import { checkBounded } from "../base/check_bounded.ts";
import type { KernelWish } from "./kernel_file.ts";
import { MODULE_GROUPS } from "./modules.ts";
import { type ImageSpec, namedFiles } from "./spec.ts";

const NEEDED: string[] = Object.values(MODULE_GROUPS).flat();

const ORIGIN = z.object({
  /** What it was made of, in words that are the same for the same request, as in `debian bookworm: make,gcc`. */
  from: z.string(),
  builtAt: z.iso.datetime(),
  /** Where its kernel is from. */
  kernel: z.enum(["host", "debian", "file"]),
  /** Which kernel was asked for; absent: any. */
  wish: z.optional(z.enum(["host", "debian", "file"])),
  /** The modules that were asked of it, built in or not. */
  modules: z.optional(z.array(z.string())),
  /** The hash of the agent in its initramfs; absent where berth made none. */
  agent: z.optional(z.string()),
  /** The files of the spec that it belongs to: a build that is killed between the two leaves a pair that does not fit. */
  files: z.optional(z.array(z.string())),
});

/** Origin of an image: who made it, when, of what. */
export type Origin = Readonly<z.infer<typeof ORIGIN>>;

/** Files that an image is made of, by the paths that its spec gives them. */
export function filesOf(spec: ImageSpec): string[] {
  return namedFiles(spec).map(({ path }) => path);
}

/** The text of an `origin.json` beside that spec. */
export function writeOrigin(origin: Origin, spec: ImageSpec): string {
  return JSON.stringify({ ...origin, files: filesOf(spec) }, null, 2) + "\n";
}

/** Origin of that spec; undefined when it is another one's, or of another version of berth. Pure. */
export function parseOrigin(text: string, spec: ImageSpec): Origin | undefined {
  const result = checkBounded(() => ORIGIN.safeParse(tryJson(text)));
  if (!result?.success) return undefined;
  const { files = filesOf(spec), ...origin } = result.data;
  return JSON.stringify(files) === JSON.stringify(filesOf(spec)) ? origin : undefined;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Facts of an image that is being made. */
export interface Making {
  /** The words for what it is made of. */
  readonly from: string;
  readonly wish?: KernelWish;
  /** Whether its kernel is the host's. */
  readonly isHosts: boolean;
  readonly agent: string;
  /** Of an image whose root file system is older; absent: it is all made now. */
  readonly builtAt?: string;
}

/** Origin of an image that is being made. */
export function planOrigin({ from, wish, isHosts, agent, builtAt = new Date().toISOString() }: Making): Origin {
  const asked = wish === "auto" ? undefined : wish;
  const kernel = asked ?? (isHosts ? "host" : "debian");
  return { from, builtAt, kernel, wish: asked, modules: NEEDED, agent };
}

/** True when the kernel of an image has every module that this berth needs. Pure. */
export function hasModules({ modules = [] }: Origin): boolean {
  return NEEDED.every((name) => modules.includes(name));
}

/** Ingredients of an image, as they were asked for. */
export interface Ingredients {
  readonly imported?: { readonly named: string; readonly ref?: string };
  readonly kernel?: KernelWish;
  readonly debian?: { readonly suite: string; readonly packages: readonly string[] };
}

/** Words of `from`. Pure. */
export function describeIngredients({ debian, imported, kernel }: Ingredients): string {
  const ofKernel = kernel ? ` (kernel: ${kernel})` : "";
  if (imported) return `import ${imported.named}${imported.ref ? ` ${imported.ref}` : ""}${ofKernel}`;
  if (!debian) return `busybox${ofKernel}`;
  return `debian ${debian.suite}${debian.packages.length ? `: ${debian.packages.join(",")}` : ""}${ofKernel}`;
}

/**
 * True for an image that is what a build would make that was asked for at that time, so that it need not be made. One
 * with a kernel of the user's never is: which file that was, and with which modules, is not known. Pure.
 */
export function isBuiltSince(origin: Origin | undefined, from: string, agentHash: string, sinceMs: number): boolean {
  if (!origin || origin.kernel === "file") return false;
  return origin.from === from && origin.agent === agentHash && Date.parse(origin.builtAt) >= sinceMs;
}

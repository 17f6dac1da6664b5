/**
 * `origin.json`: what an image of the store was made from, and when.
 *
 * @module
 */

import { z } from "zod";
import { type ImageSpec, namedFiles } from "./spec.ts";

const ORIGIN = z.object({
  /** What it was made of, in words that are the same for the same request, as in `debian bookworm: make,gcc`. */
  from: z.string(),
  builtAt: z.iso.datetime(),
  /** Where its kernel is from: `host`, `debian`, or a path. */
  kernel: z.string(),
  /** The hash of the agent in its initramfs; absent where berth made none. */
  agent: z.string().optional(),
  /** The files of the spec that it belongs to: a build that is killed between the two leaves a pair that does not fit. */
  files: z.array(z.string()).optional(),
});

/** Where an image is from. */
export type Origin = Readonly<z.infer<typeof ORIGIN>>;

/** The files that an image is made of, with the paths that its spec gives them. */
export function filesOf(spec: ImageSpec): string[] {
  return namedFiles(spec).map(({ path }) => path);
}

/** The text of an `origin.json` beside that spec. */
export function writeOrigin(origin: Origin, spec: ImageSpec): string {
  return JSON.stringify({ ...origin, files: filesOf(spec) }, null, 2) + "\n";
}

/** The origin of that spec; undefined when it is another one's, or of another version of berth. Pure. */
export function parseOrigin(text: string, spec: ImageSpec): Origin | undefined {
  const result = ORIGIN.safeParse(tryJson(text));
  if (!result.success) return undefined;
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

/** What an image is asked to be made of. */
export interface Ingredients {
  readonly debian?: { readonly suite: string; readonly packages: readonly string[] };
}

/** The words of `from`. Pure. */
export function describeIngredients({ debian }: Ingredients): string {
  if (!debian) return "busybox";
  return `debian ${debian.suite}${debian.packages.length ? `: ${debian.packages.join(",")}` : ""}`;
}

/** Whether an image is what a build would make that was asked for at that time, so that it need not be made. Pure. */
export function isBuiltSince(origin: Origin | undefined, from: string, agentHash: string, sinceMs: number): boolean {
  return origin?.from === from && origin.agent === agentHash && Date.parse(origin.builtAt) >= sinceMs;
}

/**
 * What values of a request are called by who has the request, and not the places that its values come from: a flag, the
 * host's configuration, or a request's own JSON. Pure.
 *
 * @module
 */

import type { JobKey } from "./rules.ts";

/** Flags of `berth run`, without their dashes, by the keys that messages name. The host's configuration is told by flags. */
export const NAMED_FLAGS = {
  memoryHighBytes: "memory-high",
  ioMax: "io-max",
  devices: "device",
} as const satisfies Partial<Record<JobKey, string>>;

/** The name of a value both as a flag's and in JSON, as in `--memory-high (memoryHighBytes)`. */
export function bothNames(key: keyof typeof NAMED_FLAGS): string {
  return `--${NAMED_FLAGS[key]} (${key})`;
}

/**
 * What the front process of `berth run` hands to its host process: it is checked there as whoever else's. Pure.
 *
 * @module
 */

import * as z from "zod";
import { BerthError } from "../../base/errors.ts";
import { checkRequest } from "../../job/request/parse.ts";
import { completeRequest, type JobRequest } from "../../job/request/request.ts";
import type { Telling } from "./args.ts";

/** A job, and where it is told of. */
export interface Handed {
  readonly request: JobRequest;
  readonly telling: Telling;
  readonly dryRun: boolean;
}

const SCHEMA = z.strictObject({
  request: z.unknown(),
  telling: z.strictObject({
    report: z.optional(z.string()),
    events: z.optional(z.union([z.string(), z.int().check(z.minimum(3))])),
    quiet: z.boolean(),
  }),
  dryRun: z.boolean(),
});

/**
 * Reads it from JSON.
 *
 * @param hostMemoryBytes what a guest can have at most.
 * @throws {BerthError} `host.request`; `usage.request` for what the job can't be.
 */
export function checkHanded(handed: unknown, hostMemoryBytes: number): Handed {
  const result = SCHEMA.safeParse(handed);
  if (!result.success) {
    const where = result.error.issues[0].path.join(".") || "it";
    const what = `the host process got a wrong request from the front process: ${where} is not in its form`;
    throw new BerthError("host.request", what);
  }
  const { request, telling, dryRun } = result.data;
  const asked = checkRequest(request, "the job's request", hostMemoryBytes);
  return { request: completeRequest(asked.request), telling, dryRun };
}

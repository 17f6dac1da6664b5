/**
 * The form of a request as JSON: which keys there are, and of which type each is. Apart from the request itself, as who
 * reads a command line needs no schema.
 *
 * @module
 */

import * as z from "zod";
import { DEFAULT_CACHE_BYTES } from "../../disk/names.ts";
import { type JobRequest, REQUEST_VERSION } from "./request.ts";

// No kernel call takes a NUL, and half a character has no bytes. Made once: each schema takes its time.
const TEXT = z.string("must be a string").check(
  z.refine((text) => !text.includes("\0") && text.isWellFormed(), "must be text without NUL"),
);
const WHOLE = z.int("must be a whole number").check(z.nonnegative("must be 0 or more"));
const YES_OR_NO = z.boolean("must be true or false");
const [TEXT_OR_NONE, WHOLE_OR_NONE] = [z.optional(TEXT), z.optional(WHOLE)];

/** A list of such. */
function several<T extends z.ZodMiniType>(one: T) {
  return z.optional(z.array(one, "must be a list"));
}

const VOLUME_FORMS = {
  ...{ path: TEXT_OR_NONE, sizeBytes: WHOLE_OR_NONE, mountPoint: TEXT, readOnly: z.optional(YES_OR_NO) },
};

const VOLUME = z.pipe(
  z.strictObject(VOLUME_FORMS, "must be an object").check(
    z.refine(
      ({ path, sizeBytes }) => (path === undefined) !== (sizeBytes === undefined),
      "must have either a path or sizeBytes",
    ),
    z.refine(
      ({ sizeBytes, readOnly }) => sizeBytes === undefined || readOnly === undefined,
      "can't be readOnly: it is new, and empty",
    ),
  ),
  z.transform(({ path, sizeBytes, mountPoint, readOnly = false }) =>
    path === undefined ? { sizeBytes: sizeBytes!, mountPoint } : { path, mountPoint, readOnly }
  ),
);

const CACHE = z.strictObject({
  name: TEXT,
  mountPoint: TEXT,
  sizeBytes: z._default(WHOLE, DEFAULT_CACHE_BYTES),
}, "must be an object");

const ARTIFACT = z.strictObject({ guest: TEXT, host: TEXT }, "must be an object");

const RATES = z.strictObject({
  ...{ device: TEXT, rbps: WHOLE_OR_NONE, wbps: WHOLE_OR_NONE, riops: WHOLE_OR_NONE, wiops: WHOLE_OR_NONE },
}, "must be an object");

const TENANT = z.strictObject({
  ...{ name: TEXT, memoryBytes: WHOLE_OR_NONE, swapBytes: WHOLE_OR_NONE, pids: WHOLE_OR_NONE },
  cpuQuotaPercent: WHOLE_OR_NONE,
}, "must be an object");

const UID_RANGE = z.strictObject({ first: WHOLE, last: WHOLE }, "must be an object");

/** Not a record of zod, which leaves a variable out that is called `__proto__`. */
const ENV = z.custom<Readonly<Record<string, string>>>(isObject, "must be an object").check(({ value, issues }) => {
  for (const [name, text] of Object.entries(value)) {
    const wrong = [name, text].flatMap((one) => TEXT.safeParse(one).error?.issues ?? []);
    for (const { message } of wrong) issues.push({ code: "custom", message, path: [name], input: text });
  }
});

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The form of each key: one that is not here does not compile. */
const FORMS = {
  version: z.literal(REQUEST_VERSION, `must be ${REQUEST_VERSION}: this berth knows no other form`),
  image: TEXT_OR_NONE,
  command: several(TEXT),
  env: z.optional(ENV),
  workdir: TEXT_OR_NONE,
  user: TEXT_OR_NONE,
  stdin: z.optional(YES_OR_NO),
  name: TEXT_OR_NONE,
  workspace: TEXT_OR_NONE,
  volumes: several(VOLUME),
  caches: several(CACHE),
  artifacts: several(ARTIFACT),
  artifactOn: TEXT_OR_NONE,
  scratchBytes: WHOLE_OR_NONE,
  diskBytes: WHOLE_OR_NONE,
  minFreeBytes: WHOLE_OR_NONE,
  memoryBytes: WHOLE_OR_NONE,
  cpus: WHOLE_OR_NONE,
  pids: WHOLE_OR_NONE,
  memoryHighBytes: WHOLE_OR_NONE,
  swapBytes: WHOLE_OR_NONE,
  cpuQuotaPercent: WHOLE_OR_NONE,
  cpuWeight: WHOLE_OR_NONE,
  ioWeight: WHOLE_OR_NONE,
  ioMax: several(RATES),
  cpuset: TEXT_OR_NONE,
  cpusetMems: TEXT_OR_NONE,
  timeoutMs: WHOLE_OR_NONE,
  bootTimeoutMs: WHOLE_OR_NONE,
  drain: TEXT_OR_NONE,
  drainTimeoutMs: WHOLE_OR_NONE,
  cancelTimeoutMs: WHOLE_OR_NONE,
  logLimitBytes: WHOLE_OR_NONE,
  accel: TEXT_OR_NONE,
  start: TEXT_OR_NONE,
  limits: TEXT_OR_NONE,
  tenant: z.optional(TENANT),
  cgroupParent: TEXT_OR_NONE,
  cgroupDriver: TEXT_OR_NONE,
  supervisorMemoryBytes: WHOLE_OR_NONE,
  devices: several(TEXT),
  jail: TEXT_OR_NONE,
  uidRange: z.optional(UID_RANGE),
} satisfies Record<keyof JobRequest, z.ZodMiniType>;

/** The schema. */
export const REQUEST = z.strictObject(FORMS, "must be an object");

/** The forms of the keys of an object: of the request itself, or of what is in this key of it. */
export function formAt(key: PropertyKey | undefined): Readonly<Record<string, unknown>> {
  switch (key) {
    case "volumes":
      return VOLUME_FORMS;
    case "caches":
      return CACHE.shape;
    case "artifacts":
      return ARTIFACT.shape;
    case "ioMax":
      return RATES.shape;
    case "tenant":
      return TENANT.shape;
    case "uidRange":
      return UID_RANGE.shape;
    default:
      return FORMS;
  }
}

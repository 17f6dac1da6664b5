/**
 * `spec.json`: what an image is made of. Relative paths are relative to the spec's own folder.
 *
 * @module
 */

import * as z from "zod";
// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { checkBounded, TOO_MUCH_WRONG } from "../base/check_bounded.ts";
import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { plainWords, ZOD_WORDS } from "./import/words.ts";

const path = z.string().check(z.minLength(1));
// No comma and no equals sign: an image is not trusted, and QEMU's options can name any file of the host.
const word = z.string().check(z.regex(/^[A-Za-z0-9_.-]+$/, "must be a word of letters, digits and _.-"));
const positive = z.int().check(z.positive("must be greater than 0"));

const RUNNER_CONFIG = z.strictObject({
  machine: z.optional(z.literal("microvm", "microvm is the only machine so far")),
  cpu: z.optional(word),
  console: z.optional(word),
  extraArgs: z.optional(z.array(z.string()).check(z.maxLength(0, "extra arguments are not allowed in an image"))),
});

/** A disk that every job of the image gets beside its root; what the job writes there goes with it. */
const VOLUME = z.strictObject({
  /** A file of the image; where `sizeMiB` is given, only the name of a file that is made new for each job. */
  image: path,
  mountPoint: z.string().check(z.regex(/^\/[^\0]*$/, "must be an absolute path in the guest")),
  sizeMiB: z.optional(positive),
  fsType: z.optional(z.literal("ext4", "ext4 is the only file system of a volume")),
  imageType: z.optional(z.literal("raw", "raw is the only form of a volume")),
  readOnly: z.optional(z.boolean()),
});

/** What a job of the image is where it says nothing else. */
const DEFAULTS = z.strictObject({
  /** The command of a job that has none. */
  argv: z.optional(z.array(z.string())),
  env: z.optional(z.record(z.string(), z.string())),
  user: z.optional(z.string()),
  workdir: z.optional(z.string().check(z.regex(/^\//, "must be an absolute path in the guest"))),
});

const SPEC = z.strictObject({
  /** The guest's architecture, as the kernel names it. */
  arch: z.literal("x86_64"),
  kernel: path,
  initrd: path,
  /** Words of the kernel's command line that the image wants; berth adds its own. */
  bootArgs: z.string().check(z.regex(/^[\x20-\x7e]*$/, "must be printable ASCII")),
  /** A read-only root file system (squashfs). Without one the job's root is berth's own small one. */
  storeDisk: z.optional(path),
  memoryMiB: positive,
  vcpus: positive,
  /** The image's shell; for people and other tools. */
  shell: z.optional(path),
  volumes: z.optional(z.array(VOLUME)),
  networkInterfaces: z.optional(
    z.array(z.unknown()).check(z.maxLength(0, "networks are not supported yet; leave the list empty")),
  ),
  runnerType: z.literal("qemu", "qemu is the only runner so far"),
  runnerConfig: z.optional(RUNNER_CONFIG),
  defaults: z.optional(DEFAULTS),
});

/** Spec of an image, valid. */
export type ImageSpec = z.infer<typeof SPEC>;
/** Disk of an image: one that is there, or one that is made new for each job. */
export type VolumeSpec = z.infer<typeof VOLUME>;
/** Defaults of an image for its jobs. */
export type JobDefaults = z.infer<typeof DEFAULTS>;

/** More than a spec has fields; a hostile one may have a million that are wrong. */
const PROBLEMS_TOLD = 30;
/** Beyond it no field is near: to compare a name of megabytes takes as long as one wants it to. */
const LONGEST_FIELD = 64;

/**
 * Parses the text of a `spec.json`.
 *
 * @param where names the file in errors.
 * @throws {BerthError} `image.spec`, with every wrong field and what is wrong with it.
 */
export function parseImageSpec(text: string, where: string): ImageSpec {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BerthError("image.spec", `${where}: this is not JSON: ${plainWords((error as Error).message)}`);
  }
  const result = checkBounded(() => SPEC.safeParse(json, ZOD_WORDS));
  if (!result) throw new BerthError("image.spec", `${where}: ${TOO_MUCH_WRONG}`);
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, PROBLEMS_TOLD + 1).flatMap((issue) => describe(issue, json));
  const more = problems.length > PROBLEMS_TOLD ? "; and more" : "";
  throw new BerthError("image.spec", `${where}: ${problems.slice(0, PROBLEMS_TOLD).join("; ")}${more}`);
}

function describe(issue: z.core.$ZodIssue, json: unknown): string[] {
  const field = named(issue.path);
  if (issue.code === "unrecognized_keys") {
    const [field] = issue.path;
    const part = { runnerConfig: RUNNER_CONFIG, volumes: VOLUME, defaults: DEFAULTS }[String(field)] ?? SPEC;
    const known = Object.keys(part.shape);
    return issue.keys.slice(0, PROBLEMS_TOLD + 1).map((key) =>
      `unknown field ${named([...issue.path, key])}${didYouMean(key.slice(0, LONGEST_FIELD), known)}`
    );
  }
  const given = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], json);
  if (issue.path.length > 0 && given === undefined) return [`the field ${field} is missing`];
  return [`${issue.path.length > 0 ? `the field ${field}` : "the spec"} is wrong: ${issue.message}`];
}

/** A field's name for messages: names are an image's own words, so they are one line and not endless. */
function named(path: readonly PropertyKey[]): string {
  return `"${plainWords(path.map(String).join("."))}"`;
}

/** Spec with its paths resolved against the folder that it stands in. */
export function resolveSpec(spec: ImageSpec, folder: string): ImageSpec {
  return mapFiles(spec, (path) => path.startsWith("/") ? path : join(folder, path));
}

/** Spec with other paths. A volume with a size is made new for each job: its image is a name, and no file. */
export function mapFiles(spec: ImageSpec, change: (path: string) => string): ImageSpec {
  return {
    ...spec,
    kernel: change(spec.kernel),
    initrd: change(spec.initrd),
    storeDisk: spec.storeDisk && change(spec.storeDisk),
    ...(spec.volumes && {
      volumes: spec.volumes.map((volume) =>
        volume.sizeMiB === undefined ? { ...volume, image: change(volume.image) } : volume
      ),
    }),
  };
}

/** Paths of the files that a spec names, by field. */
export function namedFiles(spec: ImageSpec): { readonly field: string; readonly path: string }[] {
  const volumes = (spec.volumes ?? []).map(({ image, sizeMiB }, index) => ({
    field: `volumes.${index}.image`,
    path: sizeMiB === undefined ? image : undefined,
  }));
  return [
    { field: "kernel", path: spec.kernel },
    { field: "initrd", path: spec.initrd },
    { field: "storeDisk", path: spec.storeDisk },
    ...volumes,
  ].flatMap(({ field, path }) => path === undefined ? [] : [{ field, path }]);
}

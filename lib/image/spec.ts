/**
 * `spec.json`: what an image is made of. Relative paths are relative to the spec's own folder.
 *
 * @module
 */

import * as z from "zod";
// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { plainWords } from "./import/words.ts";

const path = z.string().min(1);
// No comma and no equals sign: an image is not trusted, and QEMU's options can name any file of the host.
const word = z.string().regex(/^[A-Za-z0-9_.-]+$/, "must be a word of letters, digits and _.-");
const positive = z.int().positive("must be greater than 0");

const RUNNER_CONFIG = z.strictObject({
  machine: z.literal("microvm", "microvm is the only machine so far").optional(),
  cpu: word.optional(),
  console: word.optional(),
  extraArgs: z.array(z.string()).max(0, "extra arguments are not allowed in an image").optional(),
});

/** A disk that every job of the image gets beside its root; what the job writes there goes with it. */
const VOLUME = z.strictObject({
  /** A file of the image; where `sizeMiB` is given, only the name of a file that is made new for each job. */
  image: path,
  mountPoint: z.string().regex(/^\/[^\0]*$/, "must be an absolute path in the guest"),
  sizeMiB: positive.optional(),
  fsType: z.literal("ext4", "ext4 is the only file system of a volume").optional(),
  imageType: z.literal("raw", "raw is the only form of a volume").optional(),
  readOnly: z.boolean().optional(),
});

/** What a job of the image is where it says nothing else. */
const DEFAULTS = z.strictObject({
  /** The command of a job that has none. */
  argv: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  user: z.string().optional(),
  workdir: z.string().regex(/^\//, "must be an absolute path in the guest").optional(),
});

const SPEC = z.strictObject({
  /** The guest's architecture, as the kernel names it. */
  arch: z.literal("x86_64"),
  kernel: path,
  initrd: path,
  /** Words of the kernel's command line that the image wants; berth adds its own. */
  bootArgs: z.string().regex(/^[\x20-\x7e]*$/, "must be printable ASCII"),
  /** A read-only root file system (squashfs). Without one the job's root is berth's own small one. */
  storeDisk: path.optional(),
  memoryMiB: positive,
  vcpus: positive,
  /** The image's shell; for people and other tools. */
  shell: path.optional(),
  volumes: z.array(VOLUME).optional(),
  networkInterfaces: z.array(z.unknown()).max(0, "networks are not supported yet; leave the list empty").optional(),
  runnerType: z.literal("qemu", "qemu is the only runner so far"),
  runnerConfig: RUNNER_CONFIG.optional(),
  defaults: DEFAULTS.optional(),
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
  const result = SPEC.safeParse(json);
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

/**
 * What berth itself reads of an OCI layout or of a `docker save` archive: which images there are, and what an image says
 * about the jobs that run in it. Everything else is for skopeo and umoci. Pure.
 *
 * The forms are those of the OCI image specification (image-layout.md, config.md) and of Docker's manifest.json.
 *
 * @module
 */

import { z } from "zod";
import { BerthError } from "../../base/errors.ts";
import type { JobDefaults } from "../spec.ts";
import { plainWords } from "./words.ts";

const DIGEST = z.string().regex(/^sha256:[0-9a-f]{64}$/, "is not a SHA-256 digest");

const DESCRIPTOR = z.looseObject({
  mediaType: z.string().optional(),
  digest: DIGEST,
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const INDEX = z.looseObject({ manifests: z.array(DESCRIPTOR).max(10_000) });
const MANIFEST = z.looseObject({ config: DESCRIPTOR });
const DOCKER_ARCHIVE = z.array(z.looseObject({ RepoTags: z.array(z.string()).nullish() })).max(10_000);

/** No NUL can be handed to a program. */
const word = z.string().regex(/^[^\0]*$/, "has a NUL in it");
const words = z.array(word).nullish();
const CONFIG = z.looseObject({
  architecture: z.string(),
  os: z.string().optional(),
  config: z.looseObject({
    User: z.string().regex(/^[^\p{Cc}]*$/u, "has a control character in it").nullish(),
    Env: words,
    Entrypoint: words,
    Cmd: words,
    WorkingDir: word.nullish(),
  }).nullish(),
});

export type Descriptor = z.infer<typeof DESCRIPTOR>;

/** One image of several: how it is called, and where it stands in its list. */
export interface Candidate {
  /** Everything that `--ref` may name it by; the first one is shown. */
  readonly names: readonly string[];
  readonly position: number;
}

/** Parses JSON of a certain shape. @throws {BerthError} `image.import`; nothing of the text is in the message. */
function parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BerthError("image.import", `${where}: this is not JSON`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = plainWords(issue.path.map(String).join("."));
  throw new BerthError("image.import", `${where}: ${field || "it"}: ${plainWords(issue.message)}`);
}

/** The `index.json` of a layout. */
export function parseIndex(text: string, where: string): { manifests: Descriptor[]; candidates: Candidate[] } {
  const { manifests } = parse(INDEX, text, where);
  const candidates = manifests.map(({ digest, annotations }, position) => ({
    names: [
      ...["org.opencontainers.image.ref.name", "io.containerd.image.name"].flatMap((key) => annotations?.[key] ?? []),
      digest,
    ],
    position,
  }));
  return { manifests, candidates };
}

/** The `manifest.json` of what `docker save` writes. */
export function parseDockerArchive(text: string, where: string): Candidate[] {
  return parse(DOCKER_ARCHIVE, text, where).map(({ RepoTags }, position) => ({
    names: [...RepoTags ?? [], `@${position}`],
    position,
  }));
}

/** The digest of the config that a manifest names. */
export function parseManifest(text: string, where: string): string {
  return parse(MANIFEST, text, where).config.digest;
}

/** The image that is meant: the one of that name, or the only one. @throws {BerthError} listing their names. */
export function chooseImage(candidates: readonly Candidate[], ref: string | undefined, where: string): Candidate {
  if (candidates.length === 0) throw new BerthError("image.import", `${where}: there is no image in it`);
  const matching = ref === undefined ? candidates : candidates.filter(({ names }) => names.includes(ref));
  if (matching.length === 1) return matching[0];
  const shown = candidates.slice(0, 20).map(({ names }) => plainWords(names[0])).join(", ");
  const problem = ref === undefined
    ? "it has several images; choose one with --ref"
    : `${matching.length ? "several of its images have" : "no image of it has"} the name "${ref}"`;
  throw new BerthError("image.import", `${where}: ${problem}: ${shown}`);
}

/**
 * What an image's config says about jobs.
 *
 * @throws {BerthError} `image.import` when the image is for another machine.
 */
export function parseConfig(text: string, where: string): JobDefaults {
  const { architecture, os, config } = parse(CONFIG, text, where);
  if (architecture !== "amd64" || (os ?? "linux") !== "linux") {
    const platform = plainWords(`${os || "linux"}/${architecture}`);
    throw new BerthError("image.import", `${where}: the image is for ${platform}; berth runs linux/amd64`);
  }
  const { User, Env, Entrypoint, Cmd, WorkingDir } = config ?? {};
  const argv = [...Entrypoint ?? [], ...Cmd ?? []];
  const env = (Env ?? []).map((entry) => [entry.split("=", 1)[0], entry.slice(entry.indexOf("=") + 1)] as const)
    // What is not NAME=VALUE is no variable.
    .filter(([name], index) => name !== "" && Env![index].includes("="));
  return {
    ...(argv.length ? { argv } : {}),
    ...(env.length ? { env: Object.fromEntries(env) } : {}),
    ...(User ? { user: User } : {}),
    ...(WorkingDir ? { workdir: WorkingDir.startsWith("/") ? WorkingDir : `/${WorkingDir}` } : {}),
  };
}

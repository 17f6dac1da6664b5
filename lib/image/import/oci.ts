/**
 * What berth itself reads of an OCI layout or of a `docker save` archive: which images there are. Everything else, but
 * for the image's config, is for skopeo and umoci. Pure.
 *
 * The forms are those of the OCI image specification (image-layout.md) and of Docker's manifest.json.
 *
 * @module
 */

import * as z from "zod";
import type { Candidate } from "./choice.ts";
import { parseJson } from "./json.ts";

const DIGEST = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/, "is not a SHA-256 digest"));

const DESCRIPTOR = z.looseObject({
  mediaType: z.nullish(z.string()),
  digest: DIGEST,
  size: z.int().check(z.nonnegative()),
  annotations: z.nullish(z.record(z.string(), z.string())),
  platform: z.nullish(z.looseObject({ architecture: z.nullish(z.string()), os: z.nullish(z.string()) })),
});
/** Of nothing, programs in Go make `null`. */
const listOf = <T>(one: z.ZodMiniType<T>) =>
  z.pipe(z.nullish(z.array(one).check(z.maxLength(10_000))), z.transform((list) => list ?? []));
const INDEX = z.looseObject({
  // Without any it is no index.
  manifests: z.pipe(z.nullable(z.array(DESCRIPTOR).check(z.maxLength(10_000))), z.transform((list) => list ?? [])),
});
const MANIFEST = z.looseObject({ config: DESCRIPTOR });
const DOCKER_ARCHIVE = listOf(z.looseObject({ Config: z.nullish(z.string()), RepoTags: listOf(z.string()) }));

/** Reference to a blob of a layout, by its digest. */
export type Descriptor = z.infer<typeof DESCRIPTOR>;

/** What names an image of an index: as containerd, Docker and podman have it, then as the specification has it. */
const NAMES = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
/** Who made an image, and of what: buildkit puts that beside it, as if it were one. */
const IS_ATTESTATION = "vnd.docker.reference.type";

/** Images of a layout, from its `index.json`. */
export function parseIndex(text: string, where: string): { manifests: Descriptor[]; candidates: Candidate[] } {
  const { manifests } = parseJson(INDEX, text, where);
  const candidates = manifests.map(({ digest, annotations, platform }, position): Candidate => ({
    names: [
      ...new Set(NAMES.flatMap((key) => annotations?.[key] ? [shortName(annotations[key]), annotations[key]] : [])),
    ],
    digest,
    position,
    ...(platform?.os || platform?.architecture
      ? { platform: { os: platform.os ?? "", architecture: platform.architecture ?? "" } }
      : {}),
    isImage: annotations?.[IS_ATTESTATION] === undefined && platform?.os !== "unknown",
  }));
  return { manifests, candidates };
}

/** Images of what `docker save` writes, from its `manifest.json`. */
export function parseDockerArchive(text: string, where: string): Candidate[] {
  return parseJson(DOCKER_ARCHIVE, text, where).map(({ Config, RepoTags }, position) => ({
    names: [...new Set(RepoTags.flatMap((name) => [shortName(name), name])), `@${position}`],
    ...(Config ? { digest: Config } : {}),
    position,
    isImage: true,
  }));
}

/** As people write it who mean Docker's registry. */
function shortName(name: string): string {
  return name.replace(/^docker\.io\/(library\/)?(?=.)/, "");
}

/** Digest of the config that a manifest names. */
export function parseManifest(text: string, where: string): string {
  return parseJson(MANIFEST, text, where).config.digest;
}

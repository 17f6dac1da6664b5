// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { parseDockerArchive, parseIndex, parseManifest } from "../../../../lib/image/import/oci.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const OTHER = `sha256:${"f".repeat(64)}`;

function indexOf(...manifests: unknown[]): string {
  return JSON.stringify({ schemaVersion: 2, manifests });
}

Deno.test("parseIndex() names images by their annotations and digests", () => {
  const annotations = { "org.opencontainers.image.ref.name": "v1", "io.containerd.image.name": "docker.io/a/b:v1" };
  const text = indexOf({ digest: DIGEST, size: 1, annotations }, { digest: OTHER, size: 2 });
  const { manifests, candidates } = parseIndex(text, "x");
  assertEquals(candidates, [
    { names: ["a/b:v1", "docker.io/a/b:v1", "v1"], digest: DIGEST, position: 0, isImage: true },
    { names: [], digest: OTHER, position: 1, isImage: true },
  ]);
  assertEquals(manifests.map(({ size }) => size), [1, 2]);
});

Deno.test("parseIndex() tells what an image is for, and what is none", () => {
  const platform = { architecture: "arm64", os: "linux", variant: "v8" };
  const attestation = { "vnd.docker.reference.type": "attestation-manifest" };
  const text = indexOf(
    { digest: DIGEST, size: 1, platform, annotations: null },
    { digest: OTHER, size: 1, platform: { architecture: "unknown", os: "unknown" }, annotations: attestation },
    { digest: OTHER, size: 1, platform: null, mediaType: null },
  );
  const { candidates } = parseIndex(text, "x");
  assertEquals(candidates.map(({ platform, isImage }) => [platform, isImage]), [
    [{ os: "linux", architecture: "arm64" }, true],
    [{ os: "unknown", architecture: "unknown" }, false],
    [undefined, true],
  ]);
  assertEquals(parseIndex(`{"manifests":null}`, "x").candidates, []);
});

for (
  const [why, text] of [
    ["no JSON", "{"],
    ["no object", "[]"],
    ["no manifests", "{}"],
    ["no digest", indexOf({ size: 1 })],
    ["a digest that is a path", indexOf({ digest: "sha256:../../../etc/passwd", size: 1 })],
    ["a digest that goes on", indexOf({ digest: `${DIGEST}\n/../..`, size: 1 })],
    ["a negative size", indexOf({ digest: DIGEST, size: -1 })],
    ["a number for annotations", indexOf({ digest: DIGEST, size: 1, annotations: 5 })],
  ]
) {
  Deno.test(`parseIndex() refuses an index with ${why}`, () => {
    assertEquals(assertThrows(() => parseIndex(text, "where"), BerthError, "where: ").code, "image.import");
  });
}

Deno.test("an error about JSON shows nothing of the text", () => {
  const { message } = assertThrows(() => parseIndex("root:x:0:0:secret", "x"), BerthError);
  assertEquals(message, "x: this is not JSON");
});

Deno.test("parseDockerArchive() ends with words for a list that is wrong in hundreds of thousands of places", () => {
  const tags = JSON.stringify([{ RepoTags: Array(9000).fill(1) }]).slice(1, -1);
  for (const text of [`[${Array(9000).fill("1")}]`, `[${Array(60).fill(tags)}]`, `[${Array(200_000).fill("{}")}]`]) {
    const error = assertThrows(() => parseDockerArchive(text, "x"), BerthError);
    assertEquals([error.code, error.message.length < 700], ["image.import", true], error.message);
  }
});

Deno.test("parseDockerArchive() names images by their tags and positions", () => {
  const text = `[{"Config":"c.json","RepoTags":["a:1","docker.io/library/b:2"]},{"RepoTags":null},{}]`;
  assertEquals(parseDockerArchive(text, "x"), [
    { names: ["a:1", "b:2", "docker.io/library/b:2", "@0"], digest: "c.json", position: 0, isImage: true },
    { names: ["@1"], position: 1, isImage: true },
    { names: ["@2"], position: 2, isImage: true },
  ]);
});

Deno.test("parseManifest() finds the config", () => {
  assertEquals(parseManifest(JSON.stringify({ config: { digest: DIGEST, size: 1 }, layers: [] }), "x"), DIGEST);
});

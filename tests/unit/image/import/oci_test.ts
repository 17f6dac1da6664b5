// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import {
  chooseImage,
  parseConfig,
  parseDockerArchive,
  parseIndex,
  parseManifest,
} from "../../../../lib/image/import/oci.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const OTHER = `sha256:${"f".repeat(64)}`;

function indexOf(...manifests: unknown[]): string {
  return JSON.stringify({ schemaVersion: 2, manifests });
}

function config(config: unknown, rest: Record<string, unknown> = {}) {
  return parseConfig(JSON.stringify({ architecture: "amd64", os: "linux", config, rootfs: {}, ...rest }), "x");
}

Deno.test("parseIndex() names images by their annotations and digests", () => {
  const annotations = { "org.opencontainers.image.ref.name": "v1", "io.containerd.image.name": "docker.io/a/b:v1" };
  const text = indexOf({ digest: DIGEST, size: 1, annotations }, { digest: OTHER, size: 2 });
  const { manifests, candidates } = parseIndex(text, "x");
  assertEquals(candidates, [
    { names: ["v1", "docker.io/a/b:v1", DIGEST], position: 0 },
    { names: [OTHER], position: 1 },
  ]);
  assertEquals(manifests.map(({ size }) => size), [1, 2]);
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

Deno.test("parseDockerArchive() names images by their tags and positions", () => {
  assertEquals(parseDockerArchive(`[{"RepoTags":["a:1","b:2"]},{"RepoTags":null},{}]`, "x"), [
    { names: ["a:1", "b:2", "@0"], position: 0 },
    { names: ["@1"], position: 1 },
    { names: ["@2"], position: 2 },
  ]);
});

Deno.test("chooseImage() takes the only one, or the one of that name", () => {
  const candidates = parseDockerArchive(`[{"RepoTags":["a:1","b:2"]},{"RepoTags":["a:2"]}]`, "x");
  assertEquals(chooseImage(candidates.slice(1), undefined, "x").position, 1);
  assertEquals(chooseImage(candidates, "a:2", "x").position, 1);
  assertEquals(chooseImage(candidates, "b:2", "x").position, 0);
});

for (
  const [text, ref, words] of [
    [
      `[{"RepoTags":["a:1"]},{"RepoTags":["a:2"]}]`,
      undefined,
      "x: it has several images; choose one with --ref: a:1, a:2",
    ],
    [`[{"RepoTags":["a:1"]}]`, "a:3", 'x: no image of it has the name "a:3": a:1'],
    [`[{"RepoTags":["a:1"]},{"RepoTags":["a:1"]}]`, "a:1", 'x: several of its images have the name "a:1"'],
    [`[]`, undefined, "x: there is no image in it"],
  ] as const
) {
  Deno.test(`chooseImage() refuses ${ref ?? "no name"} for ${text}`, () => {
    assertThrows(() => chooseImage(parseDockerArchive(text, "x"), ref, "x"), BerthError, words);
  });
}

Deno.test("chooseImage() shows no bytes of a name that a terminal would obey", () => {
  const candidates = parseDockerArchive(JSON.stringify([{ RepoTags: ["\x1b[2Ja"] }, {}]), "x");
  const { message } = assertThrows(() => chooseImage(candidates, undefined, "x"), BerthError);
  assertEquals(message.includes("\x1b"), false);
});

Deno.test("parseManifest() finds the config", () => {
  assertEquals(parseManifest(JSON.stringify({ config: { digest: DIGEST, size: 1 }, layers: [] }), "x"), DIGEST);
});

Deno.test("parseConfig() makes the jobs' defaults of it", () => {
  const full = {
    User: "ci:staff",
    Env: ["PATH=/opt/bin:/bin", "TEXT=a=b\nc 'd'", "EMPTY=", "NOTHING", "=x", "PATH=/bin"],
    Entrypoint: ["/entry", "-x"],
    Cmd: ["run", ""],
    WorkingDir: "/srv/a b",
  };
  assertEquals(config(full), {
    argv: ["/entry", "-x", "run", ""],
    env: { PATH: "/bin", TEXT: "a=b\nc 'd'", EMPTY: "" },
    user: "ci:staff",
    workdir: "/srv/a b",
  });
});

Deno.test("parseConfig() has no default where the image says nothing", () => {
  for (const nothing of [undefined, null, {}, { User: "", Env: null, Entrypoint: [], Cmd: null, WorkingDir: "" }]) {
    assertEquals(config(nothing), {});
  }
  assertEquals(config({ Cmd: ["sh"], WorkingDir: "srv" }), { argv: ["sh"], workdir: "/srv" });
});

for (
  const [platform, rest] of [
    ["linux/arm64", { architecture: "arm64" }],
    ["windows/amd64", { os: "windows" }],
    ["linux/386", { architecture: "386", os: "" }],
  ] as const
) {
  Deno.test(`parseConfig() refuses an image for ${platform} by name`, () => {
    assertThrows(() => config({}, rest), BerthError, `x: the image is for ${platform}; berth runs linux/amd64`);
  });
}

for (
  const wrong of [{ Cmd: ["a\0b"] }, { Env: ["A=\0"] }, { User: "a\nb" }, { WorkingDir: "/\0" }, { Cmd: "sh -c x" }]
) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(wrong)}`, () => {
    assertEquals(assertThrows(() => config(wrong), BerthError, "x: config.").code, "image.import");
  });
}

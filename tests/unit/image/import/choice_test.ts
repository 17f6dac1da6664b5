// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { chooseImage } from "../../../../lib/image/import/choice.ts";
import { parseDockerArchive, parseIndex } from "../../../../lib/image/import/oci.ts";

const [ONE, TWO, THREE] = ["1", "2", "3"].map((digit) => `sha256:${digit.repeat(64)}`);

/** One entry of an index. */
function entry(digest: string, platform?: string, name?: string): unknown {
  const [os, architecture] = platform?.split("/") ?? [];
  const annotations = name && {
    "io.containerd.image.name": `docker.io/library/${name}`,
    "org.opencontainers.image.ref.name": name.split(":")[1],
  };
  return { digest, size: 1, ...(platform ? { platform: { os, architecture } } : {}), ...(name ? { annotations } : {}) };
}

function choose(entries: readonly unknown[], ref?: string): number {
  return chooseImage(parseIndex(JSON.stringify({ manifests: entries }), "x").candidates, ref, "x").position;
}

const SAVED = [entry(ONE, undefined, "app:latest"), entry(TWO, undefined, "web:latest")];

Deno.test("chooseImage() knows an image of docker save by each of its names", () => {
  for (const ref of ["app:latest", "app", "docker.io/library/app:latest", ONE]) assertEquals(choose(SAVED, ref), 0);
  assertEquals(choose(SAVED, "web:latest"), 1);
});

Deno.test("chooseImage() lists the names that it takes", () => {
  const refusal = (ref?: string) => assertThrows(() => choose(SAVED, ref), BerthError).message;
  assertEquals(refusal(), "x: it has several images; choose one with --ref: app:latest, web:latest");
  assertEquals(refusal("none"), 'x: no image of it has the name "none": app:latest, web:latest');
  assertEquals(
    refusal("latest"),
    'x: several of its images have the name "latest"; choose one with --ref: app:latest, web:latest',
  );
  for (const name of refusal().split("--ref: ")[1].split(", ")) assertEquals(typeof choose(SAVED, name), "number");
});

Deno.test("chooseImage() asks for no choice where there is one image only, under several names", () => {
  assertEquals(choose([entry(ONE, undefined, "app:1"), entry(ONE, undefined, "app:latest")]), 0);
  assertEquals(choose([entry(ONE, undefined, "app:1"), entry(ONE, undefined, "app:latest")], "app"), 1);
});

for (
  const [what, entries, position] of [
    ["beside another machine's", [entry(ONE, "linux/arm64"), entry(TWO, "linux/amd64")], 1],
    ["beside its attestation", [entry(ONE, "linux/amd64"), entry(TWO, "unknown/unknown")], 0],
    ["that does not say what it is for", [entry(ONE, "linux/arm64"), entry(TWO, "windows/amd64"), entry(THREE)], 2],
    ["that another machine's is called like", [entry(ONE, "linux/arm64", "a:1"), entry(TWO, "linux/amd64", "a:1")], 1],
  ] as [string, unknown[], number][]
) {
  Deno.test(`chooseImage() takes the only image for this machine ${what}`, () => {
    assertEquals(choose(entries), position);
  });
}

Deno.test("chooseImage() says what each digest is for", () => {
  const others = [entry(ONE, "linux/arm64"), entry(TWO, "linux/s390x")];
  assertThrows(() => choose(others), BerthError, `linux/amd64: ${ONE} (linux/arm64), ${TWO} (linux/s390x)`);
  const same = [entry(ONE, "linux/amd64", "a:1"), entry(TWO, "linux/amd64", "a:1"), entry(THREE, "linux/arm64")];
  assertThrows(() => choose(same), BerthError, `--ref: ${ONE} (linux/amd64), ${TWO} (linux/amd64)`);
  // The only one goes on to its config, which tells for certain.
  assertEquals(choose(others.slice(1)), 0);
  assertThrows(() => choose([entry(ONE, "unknown/unknown")]), BerthError, "x: there is no image in it");
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
    [
      `[{"RepoTags":["a:1"]},{"RepoTags":["a:1"]}]`,
      "a:1",
      'x: several of its images have the name "a:1"; choose one with --ref: @0, @1',
    ],
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

// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { detectArchive, detectCompression } from "../../../../lib/image/import/form.ts";
import { type Member, tarOf } from "../../../support/tar.ts";

const HASH = "0123456789abcdef".repeat(4);

for (
  const [compression, head] of [
    ["gzip", [0x1f, 0x8b, 8]],
    ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd, 4]],
  ] as const
) {
  Deno.test(`detectCompression() knows ${compression} by its first bytes, and no shorter beginning of them`, () => {
    assertEquals(detectCompression(new Uint8Array(head), "x"), compression);
    assertThrows(() => detectCompression(new Uint8Array(head.slice(0, 1)), "x"), BerthError, "x: this is neither");
  });
}

Deno.test("detectCompression() knows a tar by a header whose sum is right", () => {
  const tar = tarOf({ name: "etc/", flag: "5" });
  assertEquals(detectCompression(tar.subarray(0, 512), "x"), "none");
  tar[0] ^= 1;
  assertThrows(() => detectCompression(tar.subarray(0, 512), "x"), BerthError, "x: this is neither");
});

Deno.test("detectCompression() refuses what is empty, cut off, bzip2's, or somebody's text", () => {
  const refused: [Uint8Array, string][] = [
    [new Uint8Array(), "x: this file is empty"],
    [tarOf({ name: "a" }).subarray(0, 511), "neither a tar"],
    [new Uint8Array(512), "neither a tar"],
    [new TextEncoder().encode("BZh91AY"), "bzip2 is not supported"],
    [new TextEncoder().encode("#!/bin/sh\n".repeat(100)), "neither a tar"],
  ];
  for (const [head, words] of refused) {
    assertEquals(assertThrows(() => detectCompression(head, "x"), BerthError, words).code, "image.import");
  }
});

const folder = (name: string): Member => ({ name, flag: "5" });

for (
  const [form, why, ...members] of [
    ["root", "of Debian's", folder("./"), folder("./bin"), { name: "./etc/passwd", data: "x" }],
    ["root", "with a config.json first", { name: "config.json", data: "{}" }, folder("usr")],
    ["root", "with a folder called blobs", folder("blobs/"), { name: "blobs/a", data: "x" }],
    ["root", "with a file that is named like a digest, in a folder", { name: `etc/${HASH}.json`, data: "{}" }],
    ["root", "without members"],
    ["oci", "by oci-layout", { name: "oci-layout", data: "{}" }],
    ["oci", "by its index", { name: "./index.json", data: "{}" }],
    ["oci", "by a blob", folder("blobs/"), folder("blobs/sha256/"), { name: `blobs/sha256/${HASH}`, data: "x" }],
    ["oci", "behind a PAX header", { name: "pax", flag: "g", data: "30 comment=x" }, {
      name: "oci-layout",
      data: "{}",
    }],
    ["docker", "as skopeo writes it", { name: `${HASH}.tar`, data: "x" }],
    ["docker", "as Docker wrote it for long", folder(`${HASH}/`), { name: `${HASH}/VERSION`, data: "1.0" }],
    ["docker", "as others write it", { name: `sha256:${HASH}`, data: "{}" }],
    ["docker", "by its manifest", { name: "config.json", data: "{}" }, { name: "manifest.json", data: "[]" }],
  ] as ["root" | "oci" | "docker", string, ...Member[]][]
) {
  Deno.test(`detectArchive() knows ${form === "root" ? "a root file system" : `an archive for ${form}`} ${why}`, () => {
    assertEquals(detectArchive(tarOf(...members), true), form);
  });
}

Deno.test("detectArchive() wants more as long as the members may belong to either", () => {
  const tar = tarOf(folder("blobs/"), folder("blobs/sha256/"), { name: `blobs/sha256/${HASH}`, data: "x" });
  assertEquals([512, 1024, 1535].map((length) => detectArchive(tar.subarray(0, length), false)), [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(detectArchive(tar.subarray(0, 1536), false), "oci");
  assertEquals(detectArchive(tar.subarray(0, 1024), true), "root");
});

Deno.test("detectArchive() leaves what is no tar, or one with an impossible size, to the packer", () => {
  assertEquals(detectArchive(new Uint8Array(512).fill(7), false), "root");
  const rawSize = new TextEncoder().encode("-7777777777\0");
  assertEquals(detectArchive(tarOf({ name: "blobs", flag: "5", rawSize }), false), "root");
});

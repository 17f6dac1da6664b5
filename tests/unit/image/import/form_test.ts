// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { detectCompression, FormReader } from "../../../../lib/image/import/form.ts";
import { type Member, tarOf } from "../../../support/tar.ts";

const HASH = "0123456789abcdef".repeat(4);
const OTHER_HASH = "f".repeat(64);

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

/** What it is by these bytes, given in pieces that are no blocks. */
function formOf(tar: Uint8Array, isWhole = true): string | undefined {
  const reader = new FormReader();
  for (let at = 0; at < tar.length; at += 700) reader.push(tar.subarray(at, at + 700));
  return isWhole ? reader.end() : reader.form;
}

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
  Deno.test(`FormReader knows ${form === "root" ? "a root file system" : `an archive for ${form}`} ${why}`, () => {
    assertEquals(formOf(tarOf(...members)), form);
  });
}

Deno.test("FormReader reads on as long as the members may belong to either", () => {
  const blob = { name: `blobs/sha256/${HASH}`, data: "x".repeat(2000) };
  const blobs = [folder("blobs/"), folder("blobs/sha256/"), blob, { ...blob, name: `blobs/sha256/${OTHER_HASH}` }];
  assertEquals([formOf(tarOf(...blobs), false), formOf(tarOf(...blobs))], [undefined, "oci"]);
  // What names the images comes last, whichever it is.
  assertEquals(formOf(tarOf(...blobs, { name: "manifest.json", data: "[]" }), false), "docker");
  assertEquals(formOf(tarOf(...blobs, { name: "index.json", data: "{}" }), false), "oci");
  assertEquals(formOf(tarOf({ name: `${HASH}.json` }, { name: "any" }, { name: "repositories" }), false), "docker");
});

Deno.test("FormReader knows a root file system by its first folder, and reads no further", () => {
  const head = tarOf({ name: ".dockerenv" }, folder("bin/")).subarray(0, 1024);
  assertEquals(formOf(head, false), "root");
  assertEquals(formOf(tarOf({ name: "bin", flag: "2", link: "usr/bin" }).subarray(0, 512), false), "root");
});

Deno.test("FormReader passes over the data of members, however their size is written", () => {
  const manifest: Member = { name: "manifest.json", data: "[]" };
  const data = "y".repeat(700);
  // In binary, as GNU does for what is large; and by a PAX header, whose member's own size says nothing.
  const binary = new Uint8Array([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xbc]);
  assertEquals(formOf(tarOf({ name: `${HASH}.tar`, data, rawSize: binary }, manifest)), "docker");
  const pax: Member = { name: "pax", flag: "x", data: "12 size=700\n" };
  assertEquals(formOf(tarOf(pax, { name: `${HASH}.tar`, data, size: 0 }, manifest)), "docker");
  // A link has no data, whatever it says.
  assertEquals(formOf(tarOf({ name: `${HASH}/layer.tar`, flag: "2", link: "x", size: 700 }, manifest)), "docker");
});

Deno.test("FormReader leaves what is no tar, or one with an impossible size, to the packer", () => {
  assertEquals(formOf(new Uint8Array(512).fill(7), false), "root");
  const rawSize = new TextEncoder().encode("-7777777777\0");
  assertEquals(formOf(tarOf({ name: "blobs", flag: "5", rawSize }), false), "root");
});

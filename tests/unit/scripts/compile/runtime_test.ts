// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { digestRuntime, runtimeLength } from "../../../../scripts/compile/runtime.ts";
import { doubtOf } from "../../../../scripts/deb/runtimes.ts";
import { temporaryFolder } from "../../../support/temp.ts";

/** A runtime of `bytes` bytes, with 3 section headers at its end, and a program behind it. */
function program(bytes: number, behind: string): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(bytes + behind.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(0x28, BigInt(bytes - 3 * 64), true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, 3, true);
  file.set(new TextEncoder().encode(behind), bytes);
  return file;
}

Deno.test("runtimeLength() is up to the end of the section headers", () => {
  assertEquals(runtimeLength(program(5000, "program").slice(0, 64)), 5000);
});

Deno.test("runtimeLength() refuses what is no program of 64 bits", () => {
  const wide = program(5000, "");
  for (const head of [new Uint8Array(64), new TextEncoder().encode("#!/bin/sh\n"), wide.with(4, 1), wide.with(5, 2)]) {
    assertThrows(() => runtimeLength(head.slice(0, 64)), Error, "it is no program");
  }
});

Deno.test("digestRuntime() is the runtime's, whatever program is behind it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/program`;
  for (const behind of ["", "one", "x".repeat(3_000_000)]) {
    const file = program(2_500_000, behind);
    await Deno.writeFile(path, file);
    assertEquals(await digestRuntime(path), createHash("sha256").update(file.subarray(0, 2_500_000)).digest("hex"));
  }
  await Deno.writeFile(path, program(5000, "").subarray(0, 4000));
  await assertRejects(() => digestRuntime(path), Error, "ends within its runtime");
});

Deno.test("doubtOf() has something to say of every runtime that is not on the list", () => {
  const known = [{ version: "1.2.3", sha256: "ab".repeat(32), source: "somewhere" }];
  assertEquals(doubtOf("ab".repeat(32), known), undefined);
  assertEquals(doubtOf("cd".repeat(32), known)?.includes("cd".repeat(32)), true);
});

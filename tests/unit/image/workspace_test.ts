// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { workspaceBytes } from "../../../lib/image/workspace.ts";

const GIB = 1024 ** 3;

Deno.test("workspaceBytes() leaves 8 GiB of room beside twice what is used", () => {
  assertEquals(workspaceBytes(0), 8 * GIB);
  assertEquals(workspaceBytes(3 * GIB), 14 * GIB);
});

Deno.test("workspaceBytes() is whole MiB, never less than it should be", () => {
  for (const used of [1, 4095, 524_288, 524_289, 123_456_789]) {
    const size = workspaceBytes(used);
    assertEquals(size % 1024 ** 2, 0);
    assert(size >= 2 * used + 8 * GIB && size < 2 * used + 8 * GIB + 1024 ** 2, `${used}: ${size}`);
  }
});

Deno.test("workspaceBytes() has an inode of 8 KiB for a folder full of the smallest files", () => {
  const files = 5_000_000;
  assert(workspaceBytes(files * 4096) / 8192 > files);
});

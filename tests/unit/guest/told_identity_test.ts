// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { clearIdentity, IDENTITY_BYTES, planIdentity, writeIdentity } from "../../../lib/guest/identity.ts";
import { temporaryFolder } from "../../support/temp.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";
const SEED = new Uint8Array(512).map((_, index) => index % 255 + 1);
const NOW_MS = Date.UTC(2026, 1, 3, 4, 5, 6) + 789;

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("planIdentity() has the token and the serials, the seed and the time where the guest reads them", () => {
  const bytes = planIdentity({ token: TOKEN, serials: ["workspace", "scratch"] }, SEED, NOW_MS);
  const words = `${TOKEN}\nworkspace scratch\n`;
  assertEquals(bytes.length, 4096);
  assertEquals(textOf(bytes.subarray(0, words.length)), words);
  assertEquals(bytes.subarray(words.length, 512).some((byte) => byte !== 0), false);
  assertEquals(bytes.subarray(512, 1024), SEED);
  const time = new DataView(bytes.buffer, 1024);
  assertEquals([time.getBigUint64(0, true), time.getBigUint64(8, true)], [1_770_091_506n, 789_000_000n]);
  assertEquals(bytes.subarray(1040).some((byte) => byte !== 0), false);
});

Deno.test("planIdentity() has an empty line where there are no disks", () => {
  const bytes = planIdentity({ token: TOKEN, serials: [] }, SEED, NOW_MS);
  assertEquals(textOf(bytes.subarray(0, 29)), `${TOKEN}\n\n\0`);
});

Deno.test("planIdentity() takes as many disks as have room before the seed, and refuses more", () => {
  // The token and two ends of lines are the rest.
  const most = "x".repeat(512 - TOKEN.length - 2);
  assertEquals(textOf(planIdentity({ token: TOKEN, serials: [most] }, SEED, 0).subarray(0, 512)).at(-1), "\n");
  assertThrows(
    () => planIdentity({ token: TOKEN, serials: [most.slice(2), "x", ""] }, SEED, 0),
    RangeError,
    "3 disks are more than an identity has room for",
  );
});

/** Calls a function with a file, and a way to see what is in it. */
async function withFile(fn: (file: Deno.FsFile, see: () => Uint8Array) => void): Promise<void> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/identity`;
  using file = await Deno.open(path, { write: true, createNew: true });
  fn(file, () => Deno.readFileSync(path));
}

Deno.test("writeIdentity() writes another seed each time, in place of what was there", () =>
  withFile((file, see) => {
    const fromMs = Math.floor(Date.now() / 1000);
    writeIdentity(file, { token: TOKEN, serials: ["workspace"] });
    const first = see();
    writeIdentity(file, { token: TOKEN, serials: ["a"] });
    const second = see();
    assertEquals([first.length, second.length], [IDENTITY_BYTES, IDENTITY_BYTES]);
    assertEquals(textOf(first.subarray(0, 38)), `${TOKEN}\nworkspace\n\0`);
    assertEquals(textOf(second.subarray(0, 30)), `${TOKEN}\na\n\0`);
    assertNotEquals(first.subarray(512, 1024), second.subarray(512, 1024));
    for (const bytes of [first, second]) {
      // In all of it: a quarter of 512 random bytes are never the same.
      for (let at = 512; at < 1024; at += 128) assertEquals(new Set(bytes.subarray(at, at + 128)).size > 1, true);
    }
    const seconds = Number(new DataView(second.buffer).getBigUint64(1024, true));
    assertEquals(fromMs <= seconds && seconds <= Date.now() / 1000, true);
  }));

Deno.test("clearIdentity() leaves nothing of it, and a disk of the same size", () =>
  withFile((file, see) => {
    writeIdentity(file, { token: TOKEN, serials: ["workspace"] });
    clearIdentity(file);
    assertEquals(see(), new Uint8Array(IDENTITY_BYTES));
  }));

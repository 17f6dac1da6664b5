// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { flock, tryLock } from "../../../lib/files/try_lock.ts";

const FOLDER = "/var/tmp/berth-test/unit";

function open(name: string): Deno.FsFile {
  Deno.mkdirSync(FOLDER, { recursive: true });
  return Deno.openSync(`${FOLDER}/${name}`, { create: true, read: true, write: true });
}

/** Whether another process can have the lock. */
function othersCan(name: string, how: "-x" | "-s"): boolean {
  const args = ["-c", 'exec flock "$1" -n "$2" true', "sh", how, `${FOLDER}/${name}`];
  return new Deno.Command("sh", { args }).outputSync().success;
}

Deno.test("tryLock() takes a lock that is free, and keeps it until the file is closed", () => {
  const file = open("lock-free");
  assertEquals(tryLock(file, { exclusive: true }), true);
  assertEquals([othersCan("lock-free", "-x"), othersCan("lock-free", "-s")], [false, false]);
  file.close();
  assertEquals(othersCan("lock-free", "-x"), true);
});

Deno.test("tryLock() does not wait for a lock that somebody has", () => {
  using holder = open("lock-held");
  holder.lockSync(true);
  using file = open("lock-held");
  assertEquals([tryLock(file, { exclusive: true }), tryLock(file, { exclusive: false })], [false, false]);
});

Deno.test("tryLock() shares a lock with those who share it", () => {
  using holder = open("lock-shared");
  holder.lockSync(false);
  using file = open("lock-shared");
  assertEquals(tryLock(file, { exclusive: true }), false);
  assertEquals(tryLock(file, { exclusive: false }), true);
  assertEquals([othersCan("lock-shared", "-x"), othersCan("lock-shared", "-s")], [false, true]);
});

Deno.test("flock() never says that a lock is taken which is not this file's", () => {
  using file = open("lock-flock");
  // Deno 2.6 hands its files on to children, for which this is; later ones don't, and have tryLockSync().
  if (!("tryLockSync" in file)) return assertEquals(flock(file, true), true);
  assertThrows(() => flock(file, true), Error, "can't try to lock");
  assertEquals(othersCan("lock-flock", "-x"), true);
});

/**
 * The contract's tests of what happens by itself: events, watches, the freezer, and kill.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { settlesWithin } from "../../lib/base/deadline.ts";
import { assertRefused, type ContractTest, untilEvent } from "./cgroup_fs_context.ts";

export function testEvents(test: ContractTest): void {
  test("a group is populated when it, or one below it, has processes", async ({ fs, at, spawn }) => {
    for (const path of ["a", "a/b", "c"]) await fs.mkdir(at(path));
    assertEquals(await fs.read(at("a", "cgroup.events")), "populated 0\nfrozen 0");
    const { pid } = await spawn(at("a", "b"));
    assertEquals(await fs.read(at("a", "cgroup.events")), "populated 1\nfrozen 0");
    assertEquals(await fs.read(at("a", "b", "cgroup.events")), "populated 1\nfrozen 0");
    await fs.write(at("c", "cgroup.procs"), String(pid));
    assertEquals(await fs.read(at("a", "cgroup.events")), "populated 0\nfrozen 0");
  });

  test("a frozen group has everything below it frozen, also what is empty", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    await spawn(at("a", "b"));
    await fs.write(at("a", "cgroup.freeze"), "1");
    await untilEvent(fs, at("a", "b"), "frozen 1");
    await untilEvent(fs, at("a"), "frozen 1");
    assertEquals(await fs.read(at("a", "b", "cgroup.freeze")), "0");
    await fs.mkdir(at("a", "c"));
    assertEquals(await fs.read(at("a", "c", "cgroup.events")), "populated 0\nfrozen 1");
    await fs.write(at("a", "cgroup.freeze"), "0");
    await untilEvent(fs, at("a", "b"), "frozen 0");
  });

  for (const state of ["running", "frozen"] as const) {
    test(`cgroup.kill ends all processes of a ${state} group and of those below`, async ({ fs, at, spawn }) => {
      for (const path of ["a", "a/b", "other"]) await fs.mkdir(at(path));
      const doomed = [await spawn(at("a")), await spawn(at("a", "b")), await spawn(at("a", "b"))];
      const other = await spawn(at("other"));
      if (state === "frozen") {
        await fs.write(at("a", "cgroup.freeze"), "1");
        await untilEvent(fs, at("a"), "frozen 1");
      }
      await fs.write(at("a", "cgroup.kill"), "1");
      await untilEvent(fs, at("a"), "populated 0");
      await Promise.all(doomed.map(({ ended }) => ended));
      assertEquals(doomed.map((process) => process.alive()), [false, false, false]);
      assertEquals(other.alive(), true);
      await fs.rmdir(at("a", "b"));
      await fs.rmdir(at("a"));
    });
  }

  test("the pid of a process that has ended is ESRCH", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    const process = await spawn(at("a"));
    await fs.write(at("a", "cgroup.kill"), "1");
    await process.ended;
    await assertRefused(fs.write(at("a", "cgroup.procs"), String(process.pid)), "ESRCH");
  });

  test("watch() tells of changes that came before anybody waited", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    using watch = fs.watch(at("a", "cgroup.events"));
    await spawn(at("a"));
    assertEquals(await settlesWithin(watch.changed(), 60_000), true);
  });

  test("watch() tells the next caller of a change that came when the last one had given up", async (context) => {
    const { fs, at, spawn } = context;
    await fs.mkdir(at("a"));
    using watch = fs.watch(at("a", "cgroup.events"));
    const abandoned = watch.changed();
    await spawn(at("a"));
    assertEquals(await settlesWithin(abandoned, 60_000), true);
    assertEquals(await settlesWithin(watch.changed(), 60_000), true);
  });

  test("watch() tells nothing of reads, nor of other groups", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("b"));
    using watch = fs.watch(at("a", "cgroup.events"));
    using other = fs.watch(at("b", "cgroup.events"));
    await fs.read(at("a", "cgroup.events"));
    await spawn(at("b"));
    // When this one has come, the first would have come as well: it is the same queue.
    await other.changed();
    assertEquals(await settlesWithin(watch.changed(), 50), false);
  });

  test("watch() that is disposed ends who waits on it, and is idempotent", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    const watch = fs.watch(at("a", "cgroup.events"));
    const waiting = watch.changed();
    // Nobody's: its rejection must not end the process.
    void watch.changed();
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    const errors = [
      await assertRejects(() => waiting, DOMException),
      await assertRejects(() => watch.changed(), Error),
    ];
    assertEquals(errors.map(({ name }) => name), ["AbortError", "AbortError"]);
  });

  test("a watched group can be removed", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    using _watch = fs.watch(at("a", "cgroup.events"));
    await fs.rmdir(at("a"));
    await assertRefused(fs.read(at("a", "cgroup.events")), "ENOENT");
  });
}

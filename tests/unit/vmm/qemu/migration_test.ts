// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { settlesWithin, within } from "../../../../lib/base/deadline.ts";
import { BerthError } from "../../../../lib/base/errors.ts";
import { Migration } from "../../../../lib/vmm/qemu/migration.ts";
import type { Caller } from "../../../support/socket.ts";
import { doorTest } from "./door_scene.ts";

/** A QEMU that migrates as a test says, over a real socket. */
class Migrating {
  readonly asked: unknown[][] = [];
  readonly migration = new Migration();
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  readonly #act: (command: string) => void | Promise<void>;

  constructor(act: (command: string) => void | Promise<void>) {
    this.#act = act;
  }

  async execute(command: string, args?: unknown): Promise<unknown> {
    this.asked.push(args === undefined ? [command] : [command, args]);
    await this.#act(command);
    return {};
  }

  hangUp(): void {
    this.#closed.resolve();
  }
}

const soon = <T>(promise: Promise<T>) => within(promise, 9000, "the migration");
const EVENTS = ["migrate-set-capabilities", { capabilities: [{ capability: "events", state: true }] }];
const LIMIT = ["migrate-set-parameters", { "max-bandwidth": 17_179_869_184 }];
const MIGRATE = ["migrate", { uri: "unix:/run/berth/self/save.sock" }];
const nothing = () => Promise.resolve();

doorTest("save() has QEMU write its state into the door, and hands it on", async ({ door, dial }) => {
  const qemu = new Migrating(async (command) => {
    if (command !== "migrate") return;
    using caller = await dial();
    for (const status of ["setup", "active", "device", 7, undefined]) qemu.migration.take(status);
    await caller.send("its ");
    await caller.send("state");
    qemu.migration.take("completed");
  });
  let taken = "";
  await soon(qemu.migration.save(qemu, door, (piece) => {
    taken += new TextDecoder().decode(piece);
    return Promise.resolve();
  }));
  assertEquals([taken, qemu.asked], ["its state", [LIMIT, EVENTS, MIGRATE]]);
});

doorTest("save() waits both for QEMU's word and for its last byte", async ({ door, dial }) => {
  for (const first of ["word", "byte"] as const) {
    const begun = Promise.withResolvers<Caller>();
    const qemu = new Migrating(async (command) => {
      if (command === "migrate") begun.resolve(await dial());
    });
    const saving = qemu.migration.save(qemu, door, nothing);
    const caller = await soon(begun.promise);
    if (first === "word") qemu.migration.take("completed");
    else caller[Symbol.dispose]();
    assertEquals(await settlesWithin(saving, 10), false, `first the ${first}`);
    qemu.migration.take("completed");
    caller[Symbol.dispose]();
    await soon(saving);
  }
});

for (const status of ["failed", "cancelled"]) {
  doorTest(`save() gives up when QEMU's migration has ${status}`, async ({ door, dial }) => {
    const qemu = new Migrating(async (command) => {
      if (command !== "migrate") return;
      using _caller = await dial();
      qemu.migration.take(status);
    });
    const saving = soon(qemu.migration.save(qemu, door, nothing));
    const error = await assertRejects(() => saving, BerthError, `QEMU: the migration is ${status}`);
    assertEquals([error.code, qemu.asked], ["vmm.qmp", [LIMIT, EVENTS, MIGRATE, ["migrate_cancel"]]]);
  });
}

doorTest("save() gives up when QEMU hangs up, whatever it has written", async ({ door, dial }) => {
  const qemu = new Migrating(async (command) => {
    if (command === "migrate_cancel") throw new BerthError("vmm.qmp", "QEMU hung up");
    if (command !== "migrate") return;
    using caller = await dial();
    await caller.send("half of it");
    qemu.hangUp();
  });
  const saving = soon(qemu.migration.save(qemu, door, nothing));
  await assertRejects(() => saving, BerthError, "QEMU: the migration is cut off");
});

doorTest("save() cancels the migration when nobody takes the state, and waits for its end", async ({ door, dial }) => {
  const cancelled = Promise.withResolvers<void>();
  await using stack = new AsyncDisposableStack();
  const qemu = new Migrating(async (command) => {
    if (command === "migrate") await stack.use(await dial()).send("state");
    if (command === "migrate_cancel") cancelled.resolve();
  });
  const saving = qemu.migration.save(qemu, door, () => Promise.reject(new Error("the disk is full")));
  saving.catch(() => {});
  await soon(cancelled.promise);
  assertEquals(await settlesWithin(saving, 10), false);
  qemu.migration.take("cancelled");
  await assertRejects(() => soon(saving), Error, "the disk is full");
  assertEquals(qemu.asked, [LIMIT, EVENTS, MIGRATE, ["migrate_cancel"]]);
});

for (const refused of ["migrate-set-parameters", "migrate-set-capabilities", "migrate"]) {
  doorTest(`save() that QEMU refuses by ${refused} takes nobody's state`, async ({ door, dial }) => {
    const qemu = new Migrating((command) => {
      if (command === refused) throw new BerthError("vmm.qmp", "QEMU: there is a blocker");
    });
    let taken = 0;
    const write = () => Promise.resolve(void taken++);
    await assertRejects(() => soon(qemu.migration.save(qemu, door, write)), BerthError, "there is a blocker");
    const late = await dial();
    await late.send("state").catch(() => {});
    assertEquals([await soon(late.line()), taken], [undefined, 0]);
  });
}

Deno.test("restore() has QEMU read its state from its input, and ends with that", async () => {
  const qemu = new Migrating(() => {});
  // What was before is not the end of this one.
  qemu.migration.take("completed");
  const restoring = qemu.migration.restore(qemu);
  assertEquals(await settlesWithin(restoring, 10), false);
  for (const status of ["setup", "active", null]) qemu.migration.take(status);
  assertEquals(await settlesWithin(restoring, 10), false);
  qemu.migration.take("completed");
  await soon(restoring);
  assertEquals(qemu.asked, [EVENTS, ["migrate-incoming", { uri: "fd:8" }]]);
});

Deno.test("restore() rejects when it fails, when QEMU hangs up, and when QEMU refuses", async () => {
  const fails: Migrating = new Migrating((command) =>
    command === "migrate-incoming" ? fails.migration.take("failed") : undefined
  );
  await assertRejects(() => soon(fails.migration.restore(fails)), BerthError, "QEMU: the migration is failed");
  const ends: Migrating = new Migrating((command) => command === "migrate-incoming" ? ends.hangUp() : undefined);
  await assertRejects(() => soon(ends.migration.restore(ends)), BerthError, "QEMU: the migration is cut off");
  const refuses = new Migrating((command) => {
    if (command === "migrate-incoming") throw new BerthError("vmm.qmp", "QEMU: no such thing");
  });
  await assertRejects(() => soon(refuses.migration.restore(refuses)), BerthError, "QEMU: no such thing");
});

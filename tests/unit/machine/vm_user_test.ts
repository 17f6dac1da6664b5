// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { takeUser } from "../../../lib/machine/vm_user.ts";
import { holdLock } from "../../support/lock_holder.ts";
import { temporaryFolder } from "../../support/temp.ts";

const RANGE = { first: 200_000, last: 200_003 };

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("takeUser() takes each user of the range once, and says when there is none left", async () => {
  await using folder = await temporaryFolder();
  const users = await Promise.all(Array.from({ length: 4 }, () => takeUser(RANGE, folder.path)));
  assertEquals(users.map(({ uid }) => uid).sort(), [200_000, 200_001, 200_002, 200_003]);
  const error = await assertRejects(
    () => takeUser(RANGE, folder.path),
    BerthError,
    "all 4 users from 200000 to 200003",
  );
  assertEquals(error.code, "host.users");
  users[2][Symbol.dispose]();
  const again = await takeUser(RANGE, folder.path);
  assertEquals(again.uid, users[2].uid);
  for (const user of [again, users[0], users[1], users[3]]) user[Symbol.dispose]();
  assertEquals(names(folder.path), []);
});

Deno.test("takeUser() takes none that another process has, and what a killed one has left", async () => {
  await using folder = await temporaryFolder();
  for (const uid of [200_000, 200_001]) await Deno.writeTextFile(`${folder.path}/${uid}`, "");
  await using holder = await holdLock(`${folder.path}/200000`, "exclusive");
  const range = { first: 200_000, last: 200_001 };
  const user = await takeUser(range, folder.path);
  assertEquals(user.uid, 200_001);
  await assertRejects(() => takeUser(range, folder.path), BerthError);
  await holder.kill();
  using other = await takeUser(range, folder.path);
  assertEquals(other.uid, 200_000);
  user[Symbol.dispose]();
});

Deno.test("takeUser() begins anywhere in the range: who comes next need not go past all who came before", async () => {
  await using folder = await temporaryFolder();
  const seen = new Set<number>();
  for (let time = 0; time < 20; time++) {
    using user = await takeUser({ first: 1, last: 1_000_000 }, folder.path);
    seen.add(user.uid);
  }
  assert(seen.size > 10);
});

Deno.test("takeUser() gives nobody a user whose file is removed meanwhile", async () => {
  await using folder = await temporaryFolder();
  // Many at once, in a range of one: never are there two.
  let held = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 50 }, async () => {
    for (let time = 0; time < 10; time++) {
      const user = await takeUser({ first: 5, last: 5 }, folder.path).catch(() => undefined);
      if (!user) continue;
      most = Math.max(most, ++held);
      await new Promise((resolve) => setTimeout(resolve, 0));
      held--;
      user[Symbol.dispose]();
    }
  }));
  assertEquals([most, names(folder.path)], [1, []]);
});

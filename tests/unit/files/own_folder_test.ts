// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { expectOwnFolders, ownershipProblem } from "../../../lib/files/own_folder.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("ownershipProblem() wants a folder of the user's own, which nobody else may write", () => {
  for (const mode of [0o700, 0o711, 0o755, 0o1700]) assertEquals(ownershipProblem({ uid: 7, mode }, 7), undefined);
  for (const mode of [0o720, 0o702, 0o777, 0o1777]) {
    assertEquals(ownershipProblem({ uid: 7, mode }, 7), `others may write into it (mode ${mode.toString(8)})`);
  }
  assertEquals(ownershipProblem({ uid: 0, mode: 0o700 }, 7), "it belongs to somebody else");
});

Deno.test("expectOwnFolders() names the folder as the user does, and lets one be that is not there", async () => {
  await using folder = await temporaryFolder();
  const { uid } = await Deno.stat(folder.path);
  await expectOwnFolders(uid!, [[folder.path, "/s"], [`${folder.path}/none`, "/n"]]);
  await Deno.chmod(folder.path, 0o770);
  const error = await assertRejects(() => expectOwnFolders(uid!, [[folder.path, "/s"]]), BerthError);
  assertEquals([error.code, error.message], ["host.state", "/s: others may write into it (mode 770)"]);
});

// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { readEnv } from "../../../../lib/cli/run/env_args.ts";
import { temporaryFolder } from "../../../support/temp.ts";

/** In every environment that tests are run in, and nobody's secret. */
const SET = "PATH";

const flag = (name: string, value?: string) => ({ name, value, place: "--env" });

Deno.test("readEnv() lets flags count more than files, and of a name the last", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/a`, "A=file\nB=file\nC=1\n");
  await Deno.writeTextFile(`${folder.path}/b`, "C=2\n");
  const files = ["a", "b"].map((name) => ({ path: `${folder.path}/${name}`, optional: false }));
  const env = await readEnv({ files, flags: [flag("A", "first"), flag("A", "flag"), flag("D", "")] });
  assertEquals(env, { A: "flag", B: "file", C: "2", D: "" });
});

Deno.test("readEnv() takes a variable without a value from its caller, from flags and from files", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/env`;
  await Deno.writeTextFile(path, `${SET}\n`);
  const [byFlag, byFile] = [
    await readEnv({ files: [], flags: [flag(SET, "other"), flag(SET)] }),
    await readEnv({ files: [{ path, optional: false }], flags: [] }),
  ];
  assert(byFlag[SET].includes("/bin"), byFlag[SET]);
  assertEquals(byFile, byFlag);
});

Deno.test("readEnv() says what is not there, and where it was asked for", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/env`;
  await Deno.writeTextFile(path, "A=1\nNO_SUCH_VARIABLE\n");
  const file = { path, optional: false };
  const missing = { path: `${folder.path}/none`, optional: false };
  const cases: [Parameters<typeof readEnv>[0], string][] = [
    [{ files: [], flags: [flag("NO_SUCH_VARIABLE")] }, "--env: NO_SUCH_VARIABLE is not set in berth's own environment"],
    [
      { files: [file], flags: [] },
      `--env-file ${path}, line 2: NO_SUCH_VARIABLE is not set in berth's own environment`,
    ],
    [{ files: [missing], flags: [] }, `--env-file ${missing.path}: it can't be read: No such file or directory`],
    [{ files: [], flags: [flag("a.b")] }, '--env: "a.b" is no name of a variable'],
    [{ files: [], flags: [flag("")] }, '--env: "" is no name of a variable'],
  ];
  for (const [args, words] of cases) await assertRejects(() => readEnv(args), Error, words);
  assertEquals(await readEnv({ files: [{ ...missing, optional: true }], flags: [] }), {});
  // It may be missing, but not be something else.
  await assertRejects(
    () => readEnv({ files: [{ path: folder.path, optional: true }], flags: [] }),
    Error,
    "Is a directory",
  );
});

// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { editRecord, inScene, KEY, keyOf, make, namesIn, type Scene, sceneTest, sh, textOf } from "./scene.ts";
import { rootMissing, testNeeding } from "../../../support/require.ts";

/** What happened to a template, and what open() says of it then. */
interface Damage {
  readonly what: string;
  /** A line of shell: `$1` is the state, `$2` the record, `$3` a file elsewhere that must stay. */
  readonly line: string;
  readonly why: string;
  /** Takes root. */
  readonly isRoots?: boolean;
}

/** Until its time is another one: of a change within the same tick of the kernel's clock nobody can know. */
const FLIP = `seen() { stat -c %y "$1" | cut -c-23; }; before=$(seen "$1"); chmod 600 "$1"
  while printf X | dd of="$1" bs=1 seek=3 conv=notrunc status=none; [ "$(seen "$1")" = "$before" ]; do :; done
  chmod 400 "$1"`;

const DAMAGES: readonly Damage[] = [
  { what: "a byte flipped", line: FLIP, why: "its state is not what was written" },
  {
    what: "another file of the same size",
    line: 'printf "another of 16 b." >"$1.new"; chmod 400 "$1.new"; mv -f "$1.new" "$1"',
    why: "its state is not what was written",
  },
  {
    what: "its end cut off",
    line: 'chmod 600 "$1"; truncate -s -1 "$1"; chmod 400 "$1"',
    why: "its state: it has 15 bytes, not 16",
  },
  {
    what: "something behind its end",
    line: 'chmod 600 "$1"; printf X >>"$1"; chmod 400 "$1"',
    why: "its state: it has 17 bytes, not 16",
  },
  {
    what: "a link in its place",
    line: 'mv "$1" "$1.elsewhere"; ln -s "$3" "$1"; rm -f "$1.elsewhere"',
    why: "its state: it is a link",
  },
  { what: "a hard link", line: 'ln -f "$1" "$3.link"', why: "its state: it has another name, too" },
  { what: "a folder in its place", line: 'rm -f "$1"; mkdir -p "$1/a/b"', why: "its state: it is no file" },
  { what: "a pipe in its place", line: 'rm -f "$1"; mkfifo -m 400 "$1"', why: "its state: it is no file" },
  { what: "a mode that lets its user write", line: 'chmod 600 "$1"', why: "its state: its mode is 600, not 400" },
  { what: "a mode that lets others read", line: 'chmod 444 "$1"', why: "its state: its mode is 444, not 400" },
  {
    what: "another owner",
    line: 'chown 1900000000 "$1"',
    why: "its state: it belongs to somebody else",
    isRoots: true,
  },
  { what: "no state", line: 'rm -f "$1"', why: "its state is gone" },
  { what: "no record", line: 'rm -f "$2"', why: "it was never finished" },
  { what: "an empty record", line: ': >"$2"', why: "its record can't be read" },
  { what: "half a record", line: 'truncate -s 100 "$2"', why: "its record can't be read" },
  { what: "a record of another shape", line: `echo '{"format": 1}' >"$2"`, why: "its record can't be read" },
  {
    what: "a record of another version",
    line: `sed -i 's/"format":1/"format":2/' "$2"`,
    why: "its record can't be read",
  },
  { what: "a record that is endless", line: 'truncate -s 1G "$2"', why: "its record can't be read" },
  { what: "another one's record", line: `sed -i 's/"key":"0/"key":"1/' "$2"`, why: "its record is another one's" },
  { what: "a record that is a link", line: 'mv "$2" "$2.x"; ln -s "$2.x" "$2"', why: "its record: it is a link" },
  { what: "a record with another name", line: 'ln -f "$2" "$3.link"', why: "its record: it has another name, too" },
  {
    what: "a record that others may write",
    line: 'chmod 666 "$2"',
    why: "its record: others may write into it (mode 666)",
  },
  { what: "a record that is a pipe", line: 'rm -f "$2"; mkfifo -m 600 "$2"', why: "its record: it is no file" },
  {
    what: "a record with another owner",
    line: 'chown 1900000000 "$2"',
    why: "its record: it belongs to somebody else",
    isRoots: true,
  },
];

const CONTENT = "sixteen bytes it";

/** Makes a template, does that to it, and puts a file elsewhere which it may lead to. */
async function damage(scene: Scene, { line }: Damage): Promise<string> {
  const { path } = await make(scene, KEY, CONTENT);
  const precious = `${scene.work}/precious`;
  await Deno.writeTextFile(precious, CONTENT);
  await sh(line, path, `${scene.folder}/${KEY}.json`, precious);
  return precious;
}

async function expectRefused(scene: Scene, one: Damage): Promise<void> {
  const precious = await damage(scene, one);
  const { template, why } = await scene.store.open(KEY);
  assertEquals([template, why], [undefined, `the template ${KEY} was removed: ${one.why}`]);
  const left = (await namesIn(scene.folder)).filter((name) => name.startsWith(`${KEY}.`) && !name.endsWith(".x"));
  assertEquals([left, await Deno.readTextFile(precious)], [[], CONTENT]);
  assertEquals(await scene.store.open(KEY), {});
  // It is no reason not to make one anew, whoever looks first.
  await damage(scene, one);
  assertEquals(await textOf(await make(scene, KEY, "made anew")), "made anew");
  assertEquals(await textOf((await scene.store.open(KEY)).template), "made anew");
}

for (const one of DAMAGES) {
  const problem = one.isRoots ? await rootMissing() : undefined;
  const name = `a template with ${one.what} is never used, but removed, said, and made anew`;
  testNeeding(problem, name, () => inScene((scene) => expectRefused(scene, one)));
}

testNeeding(await rootMissing(), "a folder of another user is refused", () =>
  inScene(async (scene) => {
    await make(scene);
    await Deno.chown(scene.folder, 1_900_000_000, null);
    const { template, why } = await scene.store.open(KEY);
    assertEquals(template, undefined);
    assertStringIncludes(why!, "it belongs to somebody else");
    assertEquals((await namesIn(scene.folder)).length, 2);
  }));

sceneTest("a template that was copied back is read once, and used", async (scene) => {
  const { store, folder } = scene;
  const { path } = await make(scene);
  const copy = 'cp -a "$1" "$1.new"; mv -f "$1.new" "$1"; touch -d @7 "$1"';
  await sh(copy, path);
  assertEquals((await store.list()).length, 1);
  assertEquals(await textOf((await store.open(KEY)).template), "state of a guest");
  // By now the record has what the file is, so its content is not needed any more: this hash fits none.
  await editRecord(folder, (record) => ({ ...record, sha256: "0".repeat(64) }));
  assertEquals(await textOf((await store.open(KEY)).template), "state of a guest");
  await sh(copy, path);
  assertEquals((await store.open(KEY)).why, `the template ${KEY} was removed: its state is not what was written`);
});

sceneTest("begin() does not make again what was copied back whole", async (scene) => {
  const { path } = await make(scene);
  await sh('cp -a "$1" "$1.new"; mv -f "$1.new" "$1"', path);
  assertEquals(await scene.store.begin(KEY, scene.about, 1), { why: "there is such a template already" });
});

sceneTest("what is wrong with one template is nothing to another", async (scene) => {
  await make(scene, keyOf(1), "one");
  await make(scene, keyOf(2), "two");
  await Deno.remove(`${scene.folder}/${keyOf(1)}.json`);
  await scene.store.open(keyOf(1));
  assertEquals(await textOf((await scene.store.open(keyOf(2))).template), "two");
});

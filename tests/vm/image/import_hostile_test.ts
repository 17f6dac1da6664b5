import { assert, assertEquals } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../../support/berth.ts";
import { mutateBytes, mutateJson } from "../../support/mutate.ts";
import { ociLayout } from "../../support/oci_layout.ts";
import { seeded } from "../../support/random.ts";
import { makeKernel } from "../../support/roots.ts";
import { type Member, tarOf } from "../../support/tar.ts";
import { listTree } from "../../support/tree.ts";

const CANARY = `${SCRATCH}/hostile-canary`;
/** Its own, so that what is left there is known to be from here. */
const STATE = `${SCRATCH}/hostile-state`;
const TARS = 30;
const LAYOUTS = 24;

const folder = (name: string): Member => ({ name, flag: "5", mode: 0o755 });

/** What leads out, each behind what it goes through. */
const ATTACKS: readonly Member[][] = [
  [{ name: "../../../../../../..".concat(CANARY, "/new"), data: "x" }],
  [{ name: `${CANARY}/new`, data: "x" }],
  [{ name: "out", flag: "2", link: CANARY }, { name: "out/new", data: "x" }],
  [{ name: "out", flag: "2", link: "../../../../../../..".concat(CANARY) }, { name: "out/file", data: "x" }],
  [{ name: "linked", flag: "1", link: `${CANARY}/file` }, { name: "linked", data: "x" }],
  [{ name: "linked", flag: "1", link: "../../../../../../..".concat(CANARY, "/file") }, { name: "linked", data: "x" }],
  [{ name: "linked", flag: "1", link: "nowhere" }],
  [folder("a"), { name: "a/b", flag: "2", link: "b" }, { name: "a/b/c", data: "x" }],
  [folder("out"), { name: "out/.wh...", data: "" }, { name: "out/.wh..wh..opq", data: "" }],
  [{ name: "disk", flag: "4" }, { name: "tty", flag: "3" }, { name: "pipe", flag: "6" }],
];
const HARMLESS: readonly Member[] = [folder("etc"), { name: "etc/passwd", data: "root:x:0:0::/:/bin/sh\n" }];

Deno.test("hostile archives and images end in words or in a harmless image, and change nothing else", async () => {
  await using kernel = await makeKernel("hostile");
  await emptyFolder("hostile-canary");
  await shell('echo bird >"$1/file"; chmod 600 "$1/file"', CANARY);
  const before = await listTree(CANARY);
  const random = seeded(20261122);
  const outcomes = { imported: 0, refused: 0 };
  const take = async (what: string, source: string) => {
    const args = ["image", "import", "hostile", source, "--quiet", ...kernel.kernel];
    const { code, stdout, stderr } = await berth(args, { state: STATE });
    assert(code === 0 || code === 125, `${what}: ${code}: ${stderr}`);
    // A refusal is a line of berth's, with a hint: nothing else has come through.
    assertEquals(
      [stdout, code === 0 ? stderr : /^berth: .* \(.*\)\n$/.test(stderr)],
      ["", code === 0 ? "" : true],
      stderr,
    );
    assertEquals(await listTree(CANARY), before, what);
    outcomes[code === 0 ? "imported" : "refused"]++;
  };

  for (let input = 0; input < TARS; input++) {
    const tar = tarOf(...HARMLESS, ...ATTACKS[input % ATTACKS.length]);
    // The first round is as it was made: only damage comes later.
    const bytes = input < ATTACKS.length ? tar : mutateBytes(tar, random);
    await Deno.writeFile(`${kernel.folder}/x.tar`, bytes);
    await take(`tar ${input}`, `${kernel.folder}/x.tar`);
  }
  for (let input = 0; input < LAYOUTS; input++) {
    const files = await ociLayout(tarOf(...HARMLESS, ...ATTACKS[input % ATTACKS.length]));
    const layout = await emptyFolder("hostile/layout");
    await Deno.mkdir(`${layout}/blobs/sha256`, { recursive: true });
    const victim = input < ATTACKS.length ? undefined : [...files.keys()][random(files.size)];
    for (const [path, data] of files) {
      const isJson = path === victim && data[0] === "{".charCodeAt(0);
      const damaged = isJson
        ? new TextEncoder().encode(mutateJson(new TextDecoder().decode(data), random))
        : path === victim
        ? mutateBytes(data, random)
        : data;
      await Deno.writeFile(`${layout}/${path}`, damaged);
    }
    await take(`layout ${input}`, layout);
  }

  assert(outcomes.imported > 0 && outcomes.refused > 0, JSON.stringify(outcomes));
  assertEquals(await shell(`ls -d "$1"/images/.work-* 2>/dev/null || true`, STATE), "");
  assertEquals(await leftovers(STATE), []);
  await shell('rm -rf "$1" "$2"', CANARY, STATE);
});

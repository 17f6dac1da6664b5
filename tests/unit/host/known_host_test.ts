// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertNotEquals } from "@std/assert";
import {
  findUnfinished,
  identifyKernel,
  KnownHostFile,
  type KnownResult,
  sweepUnfinished,
  transientFailure,
  unlessExpired,
  withKernel,
} from "../../../lib/host/known_host.ts";
import { temporaryFolder } from "../../support/temp.ts";

const MINUTE = 60_000;
const WORKS: KnownResult = { works: true, detail: "it works" };

Deno.test("transientFailure() holds for a minute, and ten times as long each time that it is seen again", () => {
  const first = transientFailure(undefined, "no", 1000);
  assertEquals(first, { works: false, detail: "no", failures: 1, untilMs: 1000 + MINUTE });
  const second = transientFailure(first, "again", 5000);
  assertEquals(second, { works: false, detail: "again", failures: 2, untilMs: 5000 + 10 * MINUTE });
  assertEquals(transientFailure(second, "again", 0).untilMs, 100 * MINUTE);
});

Deno.test("transientFailure() begins anew with what has worked meanwhile", () => {
  assertEquals(transientFailure(WORKS, "no", 0), { works: false, detail: "no", failures: 1, untilMs: MINUTE });
});

Deno.test("unlessExpired() forgets a transient failure when its time is up, and nothing else", () => {
  const failure = transientFailure(undefined, "no", 0);
  assertEquals([unlessExpired(failure, MINUTE - 1), unlessExpired(failure, MINUTE)], [failure, undefined]);
  assertEquals(unlessExpired(WORKS, Number.MAX_SAFE_INTEGER), WORKS);
  assertEquals(unlessExpired(undefined), undefined);
});

Deno.test("withKernel() keeps one result a kernel, the latest, and not more kernels than anybody boots", () => {
  const failure = transientFailure(undefined, "no", 0);
  assertEquals(withKernel({ a: failure, b: WORKS }, "a", WORKS), { b: WORKS, a: WORKS });
  let kernels: Readonly<Record<string, KnownResult>> = {};
  for (let number = 0; number < 100; number++) kernels = withKernel(kernels, `kernel ${number}`, WORKS);
  assertEquals([Object.keys(kernels).length, "kernel 99" in kernels, "kernel 0" in kernels], [64, true, false]);
});

/** A host of a test's own: its state folder, and its facts. */
async function openHost() {
  const { path, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  const facts = { boot_id: "boot 1\n", qemu: "1 2 3\n", kvm: "denied\n" };
  for (const [name, text] of Object.entries(facts)) await Deno.writeTextFile(`${path}/${name}`, text);
  return { path, file: new KnownHostFile({ state: path, facts: path }), [Symbol.asyncDispose]: remove };
}

Deno.test("KnownHostFile.update() adds to what is known, and forgets what is undefined", async () => {
  await using host = await openHost();
  assertEquals(await host.file.read(), {});
  await host.file.update({ kvm: WORKS, tcgTscKhz: 1000 });
  await host.file.update({ kvm: undefined, tcgLoopMs: 30 });
  assertEquals(await host.file.read(), { tcgTscKhz: 1000, tcgLoopMs: 30 });
  assertEquals((await Array.fromAsync(Deno.readDir(host.path))).map(({ name }) => name).sort(), [
    ...["boot_id", "host.json", "kvm", "qemu"],
  ]);
});

Deno.test("KnownHostFile.update() writes the file that earlier versions read", async () => {
  await using host = await openHost();
  await host.file.update({ kvm: WORKS });
  const stored = { kvm: WORKS, bootId: "boot 1", qemu: "1 2 3" };
  assertEquals(JSON.parse(await Deno.readTextFile(`${host.path}/host.json`)), stored);
});

for (const fact of ["boot_id", "qemu"]) {
  Deno.test(`KnownHostFile.read() knows nothing of a host with another ${fact}, and update() begins anew`, async () => {
    await using host = await openHost();
    await host.file.update({ kvm: WORKS });
    await Deno.writeTextFile(`${host.path}/${fact}`, "another\n");
    assertEquals(await host.file.read(), {});
    await host.file.update({ tcgLoopMs: 30 });
    assertEquals(await host.file.read(), { tcgLoopMs: 30 });
  });
}

Deno.test("KnownHostFile.read() knows of a host without a QEMU what was found out without one", async () => {
  await using host = await openHost();
  await Deno.remove(`${host.path}/qemu`);
  await host.file.update({ tcgLoopMs: 30 });
  assertEquals(await host.file.read(), { tcgLoopMs: 30 });
});

Deno.test("KnownHostFile takes a file that was cut off for none", async () => {
  await using host = await openHost();
  await Deno.writeTextFile(`${host.path}/host.json`, '{"kvm": {"wor');
  assertEquals(await host.file.read(), {});
  await host.file.update({ tcgLoopMs: 30 });
  assertEquals(await host.file.read(), { tcgLoopMs: 30 });
});

Deno.test("KnownHostFile.update() says nothing where nothing can be written", async () => {
  await using host = await openHost();
  await new KnownHostFile({ state: `${host.path}/none`, facts: host.path }).update({ tcgLoopMs: 30 });
  // A folder is in its way, and what was not finished does not stay.
  await Deno.mkdir(`${host.path}/host.json`);
  await host.file.update({ tcgLoopMs: 30 });
  assertEquals(await findUnfinished(host.path, Date.now() + 2 * MINUTE), []);
});

Deno.test("KnownHostFile.readKvmNode() looks each time", async () => {
  await using host = await openHost();
  assertEquals(await host.file.readKvmNode(), "denied");
  await Deno.writeTextFile(`${host.path}/kvm`, "accessible\n");
  assertEquals(await host.file.readKvmNode(), "accessible");
});

Deno.test("sweepUnfinished() removes what is older than any write, and nothing else", async () => {
  await using host = await openHost();
  const unfinished = `${host.path}/host.json.${crypto.randomUUID()}`;
  await Deno.writeTextFile(unfinished, "");
  await Deno.writeTextFile(`${host.path}/host.json.backup`, "");
  assertEquals(await sweepUnfinished(host.path), []);
  assertEquals(await sweepUnfinished(host.path, Date.now() + 2 * MINUTE), [unfinished]);
  assertEquals(await findUnfinished(host.path, Date.now() + 2 * MINUTE), []);
  assertEquals(await findUnfinished(`${host.path}/none`), []);
});

Deno.test("identifyKernel() tells files of one name from each other", async () => {
  await using host = await openHost();
  const path = `${host.path}/kernel`;
  await Deno.writeTextFile(path, "one");
  const one = await identifyKernel(path);
  assertEquals(await identifyKernel(path), one);
  await Deno.writeTextFile(path, "another");
  assertNotEquals(await identifyKernel(path), one);
});

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { claimImage } from "../../../lib/image/removal.ts";
import { surveyImages } from "../../../lib/image/survey.ts";
import { sweepStore } from "../../../lib/image/sweep.ts";
import { build, originOf, specOf, storeTest } from "../../support/images.ts";

storeTest("surveyImages() says what there is of each image", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.writeTextFile(`${root}/.used-ci`, "");
  await Deno.utime(`${root}/.used-ci`, 7, 7);
  const [facts] = await surveyImages(store);
  assertEquals(facts, {
    name: "ci",
    sizeBytes: "kernel of ciinitrd of ci".length,
    builtAtMs: Date.parse(originOf("").builtAt),
    usedAtMs: 7000,
    kernelRelease: undefined,
    origin: originOf("agent of ci"),
  });
});

storeTest("surveyImages() takes the spec's time for an image without an origin", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.remove(`${root}/ci/origin.json`);
  await Deno.utime(`${root}/ci/spec.json`, 9, 9);
  const [{ builtAtMs, usedAtMs, origin }] = await surveyImages(store);
  assertEquals([builtAtMs, usedAtMs, origin], [9000, undefined, undefined]);
});

storeTest("surveyImages() lists what can't be run, and says why", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.remove((await store.load("ci")).spec.kernel);
  await Deno.writeTextFile(`${root}/flat.json`, JSON.stringify({ ...specOf("k", "i"), vcpus: 0 }));
  const [ci, flat] = await surveyImages(store);
  assertEquals([ci.name, ci.sizeBytes, flat.name], ["ci", undefined, "flat"]);
  assertStringIncludes(ci.problem!, "kernel: ");
  assertStringIncludes(flat.problem!, "vcpus");
});

storeTest("surveyImages() lists an image whose spec is a pipe, and it can be removed", async (store, root, work) => {
  await build(store, work, "ci");
  const args = ["-c", 'rm "$1" && mkfifo "$1"', "sh", `${root}/ci/spec.json`];
  assertEquals((await new Deno.Command("sh", { args }).output()).success, true);
  const [{ name, problem }] = await surveyImages(store);
  assertEquals([name, problem?.endsWith("this is no file")], ["ci", true]);
  assertEquals((await sweepStore(store))?.troubles, []);
  {
    using image = await claimImage(store, "ci", { usedBy: [], force: false });
    await image.remove();
  }
  assertEquals(await store.names(), []);
});

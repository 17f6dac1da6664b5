/**
 * Lives of jobs in this process that begin from a saved state, or whose own is kept, and those that want that.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { planReport } from "../../../lib/job/report.ts";
import { checkLife, type Life, live, type Lived, openDoor } from "../../support/life.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";
import { FakeTemplates, TEMPLATE } from "../../support/vmm/fake_templates.ts";

const OK: Play = { prints: "a line\n", ends: "exited code 0 0" };

async function liveOnce(life: Life, label: string): Promise<Lived> {
  await using door = await openDoor();
  const lived = await live(life, door);
  checkLife(lived, label);
  return lived;
}

Deno.test("runJob() lives the same life as a clone, of which nobody learns how it boots", async () => {
  let booted = 0;
  const onBooted = () => Promise.resolve(void booted++);
  const templates = new FakeTemplates({ template: TEMPLATE });
  const lived = await liveOnce({ play: OK, spec: { start: "clone" }, templates, onBooted }, "a clone");
  const { result, plan, told } = lived;
  assertEquals([result.verdict.verdict, lived.stdout, lived.artifact], ["succeeded", "a line\n", "made by the job"]);
  assertEquals([booted, result.start, result.startNote, result.attempts], [0, "clone", undefined, 1]);
  const { restore, boot } = planReport(plan, told).timingsMs;
  assertEquals([restore! >= 0, restore! <= boot!], [true, true]);
});

Deno.test("runJob() keeps the state of a guest that boots, and tells no time of a restore", async () => {
  let booted = 0;
  const onBooted = () => Promise.resolve(void booted++);
  const templates = new FakeTemplates();
  const { result, plan } = await liveOnce({ play: OK, spec: { start: "clone" }, templates, onBooted }, "a first boot");
  assertEquals([result.verdict.verdict, result.start, result.startNote], [
    "succeeded",
    "cold",
    "no state of such a guest is there yet",
  ]);
  assertEquals(templates.kept, [{ state: "its state", nonce: plan.vm.nonce }]);
  assertEquals([booted, result.timings.restore], [1, undefined]);
});

const REFUSED: [what: string, life: Partial<Life>, words: string][] = [
  ["can't have its state kept", { templates: new FakeTemplates({ full: "no room" }) }, "no room"],
  ["is none for others", { templates: new FakeTemplates(), play: { ...OK, isUnfit: true } }, "its kernel has read"],
  [
    "does not start as a clone",
    { templates: new FakeTemplates({ template: TEMPLATE }), play: { ...OK, clones: "end" } },
    "the clone did not start: QEMU ended with status 1: its state can't be read",
  ],
];
for (const [what, life, words] of REFUSED) {
  Deno.test(`runJob() runs no job whose guest ${what}, where nothing else is wanted`, async () => {
    const lived = await liveOnce({ play: OK, ...life, spec: { start: "clone" } }, `a guest that ${what}`);
    const { verdict, started } = lived.result;
    assertEquals([verdict.verdict, verdict.status, verdict.code, started], ["infra", 125, "vm.clone", false]);
    assertStringIncludes(verdict.reason, words);
    assertEquals([lived.scene.vmm.vm!.heard, lived.stdout], [[], ""]);
  });

  Deno.test(`runJob() runs a job whose guest ${what}, where that is as good, and says so`, async () => {
    const lived = await liveOnce({ play: OK, ...life, spec: { start: "auto" } }, `a guest that ${what}`);
    assertEquals([lived.result.verdict.verdict, lived.stdout, lived.result.start], ["succeeded", "a line\n", "cold"]);
    assertStringIncludes(lived.result.startNote ?? "", words);
  });
}

Deno.test("runJob() tells a job nothing of who its guest is: what was said is taken back before it begins", async () => {
  for (const template of [undefined, TEMPLATE]) {
    const seen: boolean[] = [];
    const isThere = (folder: string) => Deno.readFileSync(`${folder}/identity`).some((byte) => byte !== 0);
    const templates = new FakeTemplates({ template });
    const life: Life = { play: OK, templates, at: "exec", fault: ({ folder }) => void seen.push(isThere(folder)) };
    await liveOnce(life, "an identity");
    assertEquals(seen, [false]);
  }
});

Deno.test("runJob() hands its input to a clone, too", async () => {
  const templates = new FakeTemplates({ template: TEMPLATE });
  const life: Life = { play: { reads: true }, spec: { stdin: true }, input: "one line\n", templates };
  const { result, stdout } = await liveOnce(life, "a clone with an input");
  assertEquals([result.verdict.verdict, result.start, stdout], ["succeeded", "clone", "one line\n"]);
});

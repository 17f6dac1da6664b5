/**
 * The whole life of a job, in this process: what befalls it, at each point, and how it ends. What takes a real QEMU, kernel
 * or cgroup is in tests/faults and tests/vm.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { randomToken } from "../../../lib/base/ids.ts";
import { type Point, POINTS } from "../../../lib/machine/points.ts";
import { checkLife, type Door, live, openDoor } from "../../support/life.ts";
import { OF_STARTS } from "../../support/vmm/cold_points.ts";
import { FakeTemplates } from "../../support/vmm/fake_templates.ts";
import { at, type Blow, BLOWS, OK } from "./blows.ts";

/** How lives begin: the points that they come by beside those of all, and the saved states that there are. */
interface Way {
  readonly begins: "by a boot" | "by a boot that is kept for others" | "as a clone";
  readonly points: readonly Point[];
  readonly templates: () => FakeTemplates | undefined;
}

const WAYS: readonly Way[] = [
  { begins: "by a boot", points: ["ready"], templates: () => undefined },
  { begins: "by a boot that is kept for others", points: ["ready", "saved"], templates: () => new FakeTemplates() },
  {
    begins: "as a clone",
    points: ["restored"],
    // Lives at one door have states of their own: whoever is asked would answer for another one.
    templates: () => new FakeTemplates({ template: { path: "/templates/k.state", nonce: randomToken() } }),
  },
];

/** Lives a life that this befalls at that point, and looks whether it ends as it should. */
async function liveWith(blow: Blow, { begins, templates }: Way, point: Point, door: Door): Promise<void> {
  const { name, play, spec, fault, expected, check, sparesClones } = blow;
  const isClone = begins === "as a clone";
  const isSpared = isClone && sparesClones === true && at(point) < at("hello");
  const lived = await live({ play: isSpared ? OK : play(point), spec, templates: templates(), at: point, fault }, door);
  const { result: { verdict: { verdict, status, reason }, evidence, troubles, start }, told } = lived;
  const words = JSON.stringify({ reason, evidence, troubles }, null, 1);
  const label = `${name} at "${point}" of a life that begins ${begins}`;
  assertEquals([verdict, status], isSpared ? ["succeeded", 0] : [...expected(point)], `${label}: ${words}`);
  if (told.some((event) => event.kind === "point" && event.point === "hello")) {
    assertEquals(start, isClone && !isSpared ? "clone" : "cold", `${label}: how its guest came to be`);
  }
  checkLife(lived, label);
  check?.(lived, point);
}

for (const blow of BLOWS) {
  const { name, from = "folder", to = "report" } = blow;
  for (const way of WAYS) {
    const points = POINTS.filter((point) => !OF_STARTS.includes(point) || way.points.includes(point))
      .filter((point) => at(from) <= at(point) && at(point) <= at(to));
    Deno.test(`runJob() with ${name} at each of ${points.length} points of a life that begins ${way.begins}`, async () => {
      await using door = await openDoor();
      const lives = points.map((point) => liveWith(blow, way, point, door));
      const failed = (await Promise.allSettled(lives)).filter((one) => one.status === "rejected");
      if (failed.length) {
        throw new AggregateError(
          failed.map(({ reason }) => reason),
          failed.map(({ reason }) => reason.message).join("\n"),
        );
      }
    });
  }
}

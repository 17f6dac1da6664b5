// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { EvidenceLog, noteWishes } from "../../../lib/job/evidence.ts";
import { StopRequest } from "../../../lib/job/stop.ts";

Deno.test("noteWishes() notes the first wish by its reason, and nothing after its disposal", async () => {
  const [evidence, stop] = [new EvidenceLog(), new StopRequest()];
  const seen = () => evidence.list().map(({ source, what }) => `${source}: ${what}`);
  {
    using _wishes = noteWishes(evidence, stop);
    assertEquals(seen(), []);
    stop.stop("SIGINT");
    await Promise.resolve();
    assertEquals(seen(), ["caller: SIGINT"]);
  }
  stop.stop("SIGTERM");
  await Promise.resolve();
  assertEquals(seen(), ["caller: SIGINT"]);
});

Deno.test("noteWishes() notes that a second signal came", async () => {
  const [evidence, stop] = [new EvidenceLog(), new StopRequest()];
  using _wishes = noteWishes(evidence, stop);
  stop.stop("SIGINT");
  stop.stop("SIGTERM");
  await Promise.resolve();
  assertEquals(evidence.list().map(({ what }) => what), ["SIGINT", "a second signal: at once"]);
});

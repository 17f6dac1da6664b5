/**
 * What a large image costs a job: nothing of it is copied, so it should be next to nothing.
 *
 * @module
 */

import { byBerth, commandOf } from "./calls.ts";
import { runTimed } from "./child.ts";
import { inTurns, type Surroundings } from "./measure.ts";
import { SCRATCH, STATE } from "./places.ts";
import { compare } from "./statistics.ts";
import type { Row } from "./table.ts";

const NAME = "bench-large";
const LIMIT_MS = 600_000;
/** A busybox, and a GiB that can't be packed smaller. */
const MAKE = `mkdir -p "$1/bin"; cp /bin/busybox "$1/bin/busybox"; ln -s busybox "$1/bin/true"
  dd if=/dev/urandom of="$1/large" bs=1M count=1024 status=none`;

/** A job that does nothing, in an image of 1 GiB and in the default one, in turns. */
export async function measureImage(count: number, surroundings: Surroundings): Promise<Row> {
  const { signal, onProgress } = surroundings;
  onProgress("making an image of 1 GiB");
  const folder = `${SCRATCH}/root`;
  const [env, limitMs] = [{ BERTH_STATE: STATE }, LIMIT_MS];
  await runTimed({ what: "making a root", argv: ["sh", "-ec", MAKE, "sh", folder], limitMs }, signal);
  const argv = commandOf(["image", "import", NAME, folder, "--quiet"]);
  await runTimed({ what: "berth image import", argv, env, limitMs }, signal);
  await Deno.remove(folder, { recursive: true });
  try {
    const side = (...flags: string[]) => async () => {
      const { startedMs, endedMs } = await runTimed(byBerth(["--quiet", ...flags], ["true"]), signal);
      return endedMs - startedMs;
    };
    const pairs = await inTurns("large image", count, [side("--image", NAME), side()], surroundings);
    return {
      name: "berth run -- true in an image of 1 GiB (opponent: in the default image)",
      unit: "ms",
      target: { at: "most", value: 1.1 },
      result: compare(pairs),
    };
  } finally {
    await runTimed({ what: "berth image rm", argv: commandOf(["image", "rm", NAME]), env, limitMs }, signal);
  }
}

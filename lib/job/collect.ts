/**
 * Takes a job's artifacts out of its guest, while the guest still runs.
 *
 * @module
 */

import { aborted, within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { unpackArtifacts } from "../guest/artifacts.ts";
import type { Session } from "../guest/session.ts";
import type { JobPlan } from "./plan.ts";

/** How long the guest may take to hand its artifacts over. */
const COLLECT_MS = 300_000;

/** What the collection is connected to. */
export interface CollectIo {
  /** The file that the guest writes its archive into. */
  readonly archive: Deno.FsFile;
  readonly onLeftOut: (what: string) => void;
  readonly signal: AbortSignal;
  /** Rejects when the host can't go on, as with a full disk. */
  readonly hostFailure: Promise<never>;
}

/** @throws {BerthError} `job.artifact` when one is not there, or can't be written. */
export async function collectArtifacts(plan: JobPlan, session: Session, io: CollectIo): Promise<void> {
  await session.collect(plan.artifacts.map(({ guest }) => guest));
  using stopped = aborted(io.signal);
  const cancelled = stopped.promise.then((): never => {
    throw io.signal.reason;
  });
  const first = Promise.race([session.next(), cancelled, io.hostFailure]);
  const answer = await within(first, COLLECT_MS, "the guest to hand its artifacts over");
  switch (answer.kind) {
    case "collected":
      return await unpackArtifacts({ ...io, targets: plan.artifacts, jailed: plan.vm.jailed });
    case "missing": {
      const guest = plan.artifacts[answer.index]?.guest;
      throw new BerthError(
        "job.artifact",
        `--artifact ${guest}: the job has ended, and there is no such file or folder`,
      );
    }
    case "error":
      throw new BerthError("job.artifact", answer.text);
    default:
      throw new BerthError("guest.protocol", `asked for artifacts, the guest's agent said "${answer.kind}"`);
  }
}

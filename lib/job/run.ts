/**
 * The one lifecycle of a job: a machine is made, the job runs in it, what is kept is collected, the machine goes. When it
 * returns, nothing is left.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import { expectRoom } from "../disk/watch.ts";
import { BootFailedError } from "../machine/boot_failure.ts";
import type { Tell } from "../machine/events.ts";
import { createMachine } from "../machine/create_machine.ts";
import type { Machine } from "../machine/machine.ts";
import { describeEvents } from "../cgroup/usage.ts";
import { act } from "./act.ts";
import { blameDisk, blameOutput, diskBefore } from "./disk_full.ts";
import { EventLog, EVENTS_VERSION, type JobEvent, tellWishes, type Told } from "./events.ts";
import type { JobIo } from "./io.ts";
import { deliverOutput, followOutput } from "./output/deliver.ts";
import type { OutputFollower } from "./output/follower.ts";
import type { JobPlan } from "./plan.ts";
import { readFacts } from "./summary.ts";
import { cutOff } from "./stop.ts";
import { decideVerdict, type End, infra } from "./verdict.ts";
import { windDownVm } from "./wind_down.ts";

/** Runs a job to its end. Never rejects: what goes wrong is a verdict, or a trouble beside it. @returns all its events. */
export async function runJob(plan: JobPlan, io: JobIo): Promise<readonly Told[]> {
  const log = new EventLog(io.tell);
  const { tell } = log;
  const { id, name, image } = plan;
  tell({ kind: "job", version: EVENTS_VERSION, id, name, image });
  for (const text of io.notes ?? []) tell({ kind: "note", text, early: true });
  using _wishes = tellWishes(tell, io.stop);
  using cut = cutOff(io.stop, plan.cancelTimeoutMs);
  const end = await new JobRun(plan, io, tell, cut.signal).live();
  tell({ kind: "phase", phase: "cleanup" });
  const { started, usage } = readFacts(log.list());
  for (const what of describeEvents(usage)) tell({ kind: "seen", source: "cgroup", what });
  log.tellDropped();
  tell({ kind: "verdict", verdict: decideVerdict(end, { started, usage }) });
  tell({ kind: "point", point: "report" });
  return log.list();
}

/** How a job ended, and whether its caches have all that it wrote. */
interface Ended {
  readonly end: End;
  readonly flushed: boolean;
}

class JobRun {
  readonly #plan: JobPlan;
  readonly #io: JobIo;
  readonly #tell: Tell<JobEvent>;
  /** The time of a cancelled job is up. */
  readonly #cut: AbortSignal;

  constructor(plan: JobPlan, io: JobIo, tell: Tell<JobEvent>, cut: AbortSignal) {
    this.#plan = plan;
    this.#io = io;
    this.#tell = tell;
    this.#cut = cut;
  }

  /** Never rejects. */
  async live(): Promise<End> {
    const { artifacts, minFreeBytes } = this.#plan;
    const { stop: { requested: stop, insisted: kill } } = this.#io;
    try {
      // By then there is the room that dead jobs have taken.
      const onFolder = () => expectRoom(artifacts.map((target) => target.folder), minFreeBytes);
      await using machine = await createMachine(this.#plan, { ...this.#io, stop, kill, tell: this.#tell, onFolder });
      return await this.#useMachine(machine);
    } catch (error) {
      return this.#endBy(error);
    }
  }

  /** Whatever breaks while a job is being stopped is a consequence of that. */
  #endBy(error: unknown): End {
    const { reason } = this.#io.stop;
    if (reason) return { kind: "cancelled", by: reason, isOver: false };
    return error instanceof BootFailedError ? { kind: "boot-failed", reason: error.message } : infra(error);
  }

  async #useMachine(machine: Machine): Promise<End> {
    const { space } = machine;
    await using follower = await followOutput(this.#plan, machine.link.outputs[0], { ...this.#io, tell: this.#tell });
    // Whatever breaks, what the job has printed is delivered.
    const { end, flushed } = await this.#runIn(machine)
      .catch((error): Ended => ({ end: this.#endBy(error), flushed: false }));
    await machine.end();
    // What others wait for at the floor of the disk does not wait for this job's reader.
    if (space.signal.aborted && !flushed) {
      await this.#attempt("the job's disks stay a while", () => machine.removeDisks());
    }
    // How the job ended is known: what fails from here on is told beside it.
    const saved = this.#attempt("the job's caches are not kept", async () => {
      if (flushed) { for (const text of await machine.saveCaches()) this.#tell({ kind: "trouble", text }); }
    });
    const delivered = await this.#deliver(follower, end, machine);
    await saved;
    return delivered;
  }

  /** @returns the end, which is no success without its output. */
  async #deliver(follower: OutputFollower, end: End, { space }: Machine): Promise<End> {
    const text = "the job's output was not delivered whole";
    await this.#attempt(text, () => deliverOutput(follower, this.#cut, space));
    await follower[Symbol.asyncDispose]();
    let judged = end;
    await this.#attempt("the job's output was not counted", () => {
      const [stdout, stderr] = follower.account();
      this.#tell({ kind: "output", stream: "stdout", delivery: stdout });
      this.#tell({ kind: "output", stream: "stderr", delivery: stderr });
      const blamed = blameOutput(end, [stdout, stderr], this.#plan.logLimitBytes);
      const { reason } = this.#io.stop;
      // Whoever does not wait for the output of a success has cancelled it.
      judged = blamed !== end && reason ? { kind: "cancelled", by: reason, isOver: true } : blamed;
    });
    return judged;
  }

  /** Does what must not take anything else with it when it fails. */
  async #attempt(trouble: string, action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#tell({ kind: "trouble", text: `${trouble}: ${describeError(error)}` });
    }
  }

  async #runIn(machine: Machine): Promise<Ended> {
    const { space, link, hasCaches } = machine;
    const [tell, { stop }] = [this.#tell, this.#io];
    tell({ kind: "point", point: "exec" });
    const before = await diskBefore(space, stop.requested, tell);
    if (before) return { end: before, flushed: false };
    // Until that is known.
    tell({ kind: "started", started: true });
    const { end: ended, started } = await act(this.#plan, machine, { stop, tell });
    tell({ kind: "started", started });
    tell({ kind: "phase", phase: "run" });
    // Its last words may not have found their place on the disk any more.
    const acted = await blameDisk(space, ended, tell, "run");
    const windDown = await windDownVm(this.#plan, machine, acted, {
      ...{ stop, tell, hasCaches, archive: link.artifacts.file },
      signal: AbortSignal.any([this.#cut, space.signal]),
    });
    return { ...windDown, end: await blameDisk(space, windDown.end, tell, "wind-down") };
  }
}

/**
 * The one lifecycle of a job: prepare, boot, run, collect, shut down, clean up. When it returns, nothing is left.
 *
 * @module
 */

import { describeError, translateRefusedWrite } from "../base/errors.ts";
import { describeEvents } from "../cgroup/usage.ts";
import { type DiskWatch, expectRoom, watchDisks } from "../disk/watch.ts";
import { bootQemu } from "../vmm/qemu/runner.ts";
import type { Vm, VmPlan } from "../vmm/vmm.ts";
import { act } from "./act.ts";
import { blameDisk, blameOutput } from "./disk_full.ts";
import { boot, killOn } from "./boot.ts";
import { createDisks, type JobDisks } from "./disks.ts";
import { EvidenceLog, noteWishes } from "./evidence.ts";
import { createJobFolder } from "./folder.ts";
import { createVmFiles, type LogTail, readSerialTail, type VmFiles, VmmWords } from "./files.ts";
import { createJobGroup, endOrphan, type JobGroup, type Seen } from "./group.ts";
import { deliverOutput, followOutput } from "./output/deliver.ts";
import type { Delivery } from "./output/source.ts";
import type { JobIo } from "./io.ts";
import type { JobPlan } from "./plan.ts";
import { chownToVmm } from "./chown_to_vmm.ts";
import { largestFirst } from "./running.ts";
import type { OnPoint } from "./points.ts";
import type { JobResult, Timings } from "./report.ts";
import { feedStdin } from "./stdin.ts";
import { type CutOff, cutOff } from "./stop.ts";
import { decideVerdict, type End, infra } from "./verdict.ts";
import { windDownVm } from "./wind_down.ts";

/** Runs a job to its end. Never rejects: what goes wrong is a verdict, or a trouble beside it. */
export async function runJob(plan: JobPlan, io: JobIo): Promise<JobResult> {
  const run = new JobRun(plan, io);
  const end = await run.live();
  const troubles = await run.cleanUp();
  return {
    verdict: decideVerdict(end, { started: run.started, usage: run.seen.usage }),
    started: run.started,
    ...run.tried,
    driver: io.driver?.name,
    timings: run.timings,
    ...run.seen,
    evidence: run.evidence.list(),
    output: run.output,
    logs: run.logs,
    troubles: [...run.troubles, ...troubles],
  };
}

/** What a job has before its VM. */
interface Prepared {
  readonly files: VmFiles;
  readonly disks: JobDisks;
  readonly vm: VmPlan;
  readonly space: DiskWatch;
  readonly group?: JobGroup;
}

class JobRun {
  started = false;
  tried: Pick<JobResult, "attempts" | "accelerator"> = { attempts: 0 };
  readonly seen: Seen = { limits: {} };
  readonly evidence = new EvidenceLog();
  readonly timings: Timings = {};
  readonly troubles: string[] = [];
  output: readonly Delivery[] = [];
  logs: readonly LogTail[] = [];
  readonly #words = new VmmWords();
  readonly #plan: JobPlan;
  readonly #io: JobIo;
  readonly #onPoint: OnPoint;
  readonly #stack = new AsyncDisposableStack();
  readonly #started = performance.now();
  #phaseStarted = performance.now();
  /** The time of a cancelled job is up. */
  readonly #cut: CutOff;
  #vmStays = false;

  constructor(plan: JobPlan, io: JobIo) {
    this.#plan = plan;
    this.#io = io;
    this.#onPoint = io.onPoint ?? (() => {});
    this.#cut = this.#stack.use(cutOff(io.stop, plan.cancelTimeoutMs));
  }

  #endPhase(phase: keyof Timings): void {
    const now = performance.now();
    this.timings[phase] = Math.round(now - this.#phaseStarted);
    this.#phaseStarted = now;
  }

  async live(): Promise<End> {
    using _wishes = noteWishes(this.evidence, this.#io.stop);
    try {
      return await this.#live();
    } catch (error) {
      return this.#endBy(error);
    }
  }

  /** Whatever breaks while a job is being stopped is a consequence of that. */
  #endBy(error: unknown): End {
    const { reason } = this.#io.stop;
    return reason ? { kind: "cancelled", by: reason, isOver: false } : infra(error);
  }

  async #live(): Promise<End> {
    const { stop } = this.#io;
    const prepared = await this.#prepare(this.#plan.vm.folder);
    const { files, disks, space } = prepared;
    this.#endPhase("prepare");
    const follower = this.#stack.use(await followOutput(this.#plan, files, this.#io));
    // Whatever breaks, what the job has printed is delivered.
    const { end, flushed } = await this.#runVm(prepared)
      .catch((error) => ({ end: this.#endBy(error), flushed: false }));
    this.#onPoint("gone");
    // What others wait for at the floor of the disk does not wait for this job's reader.
    if (space.signal.aborted && !flushed) await this.#attempt("the job's disks stay a while", () => disks.remove());
    // How the job ended is known: what fails from here on is told beside it.
    const saved = this.#attempt("the job's caches are not kept", async () => {
      if (!flushed) return;
      if (this.#vmStays) throw new Error("the VM may still write to them");
      this.troubles.push(...await disks.saveCaches(stop.requested));
    });
    await this.#attempt(
      "the job's output was not delivered whole",
      () => deliverOutput(follower, this.#cut.signal, space),
    );
    await follower[Symbol.asyncDispose]();
    await this.#attempt("the job's output was not counted", () => this.output = follower.account());
    this.logs = [this.#words.tail()];
    await this.#attempt("the end of serial.log can't be read", () => this.logs = [readSerialTail(files), ...this.logs]);
    await saved;
    return this.#io.stop.reason ? end : blameOutput(end, this.output, this.#plan.logLimitBytes);
  }

  /** Does what must not take anything else with it when it fails. */
  async #attempt(trouble: string, action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.troubles.push(`${trouble}: ${describeError(error)}`);
    }
  }

  /** Makes the job's folder, its disks and its group. */
  async #prepare(path: string): Promise<Prepared> {
    const { stop, caches, notify } = this.#io;
    this.#onPoint("folder");
    try {
      const folder = this.#stack.use(
        await createJobFolder(path, this.#plan.image, (record) => endOrphan(record, this.#io.driver)),
      );
      const { diskBytes: budgetBytes, minFreeBytes, artifacts } = this.#plan;
      await expectRoom(artifacts.map((target) => target.folder), minFreeBytes);
      const othersFirst = largestFirst(path);
      const space = this.#stack.use(await watchDisks(path, { minFreeBytes, budgetBytes, othersFirst }));
      const files = createVmFiles(path, (file) => this.#stack.use(file));
      const signal = AbortSignal.any([stop.requested, space.signal]);
      const onNote = (text: string) => notify({ kind: "note", text });
      const disks = this.#stack.use(await createDisks(this.#plan, { caches, signal, onNote, onProgress: onNote }));
      const vm = await chownToVmm(this.#plan.vm, { signal, onProgress: onNote });
      this.#onPoint("group");
      const group = await createJobGroup(this.#plan, this.#io, folder, this.#stack, this.seen);
      this.#onPoint("grouped");
      return { files, disks, vm, space, group };
    } catch (error) {
      throw translateRefusedWrite(error, "the job's folder");
    }
  }

  async #runVm({ files, disks, vm: plan, space, group }: Prepared): Promise<{ end: End; flushed: boolean }> {
    const { hub, stop, notify } = this.#io;
    // A guest must not write any more to a host whose disk is full, whatever it is doing.
    const emergency = AbortSignal.any([stop.insisted, space.signal]);
    const booted = await boot({ ...plan, cgroup: group?.path }, {
      ...this.#io,
      bootVm: bootQemu,
      emergency,
      evidence: this.evidence,
      onPoint: this.#onPoint,
      tries: this.#plan.boots,
      onEmulated: async () => await group?.makeRoom(),
      onAttempt: (attempts, accelerator) => this.tried = { attempts, accelerator },
      onRetry: (text) => notify({ kind: "note", text }),
      onWords: (piece) => this.#words.add(piece),
    });
    this.#endPhase("boot");
    if ("end" in booted) return { end: await blameDisk(space, booted.end, this.evidence, "boot"), flushed: false };
    const { vm, session } = booted;
    await using _vm = this.#endsFor(vm);
    using _session = session;
    using _killer = killOn(emergency, vm);
    using _token = { [Symbol.dispose]: () => hub.forget(this.#plan.vm.token) };
    await this.#attempt("how it booted is not remembered", () => this.#io.onBooted(booted.booted));
    if (this.#io.stdin) void feedStdin(this.#io.stdin, hub.expect(this.#plan.vm.token, "stdin"), vm.exited);
    const { evidence, troubles } = this;
    // Until that is known.
    this.started = true;
    const { end: ended, started } = await act(this.#plan, disks.volumes, vm, session, {
      ...{ stop, evidence, onPoint: this.#onPoint },
    });
    this.started = started;
    this.#endPhase("run");
    // Its last words may not have found their place on the disk any more.
    const acted = await blameDisk(space, ended, evidence, "run");
    const windDown = await windDownVm(this.#plan, vm, session, acted, {
      ...{ stop, evidence, onPoint: this.#onPoint, troubles, notify, hasCaches: disks.hasCaches },
      archive: files.artifacts,
      signal: AbortSignal.any([this.#cut.signal, space.signal]),
    });
    return { ...windDown, end: await blameDisk(space, windDown.end, evidence, "wind-down") };
  }

  /** A VM that can't be ended is no end of its job. */
  #endsFor(vm: Vm): AsyncDisposable {
    const onStays = (error: unknown) => {
      this.#vmStays = true;
      this.troubles.push(`ending the VM: ${describeError(error)}`);
    };
    return { [Symbol.asyncDispose]: () => vm[Symbol.asyncDispose]().then(() => {}, onStays) };
  }

  /** Tries every step, whatever the others do, and returns what failed. */
  async cleanUp(): Promise<string[]> {
    this.#phaseStarted = performance.now();
    this.#onPoint("removal");
    const troubles: string[] = [];
    await this.#stack.disposeAsync().catch((error) => troubles.push(`cleaning up: ${describeError(error)}`));
    this.#endPhase("cleanup");
    this.timings.total = Math.round(performance.now() - this.#started);
    for (const what of describeEvents(this.seen.usage)) this.evidence.note("cgroup", what);
    this.#onPoint("report");
    return troubles;
  }
}

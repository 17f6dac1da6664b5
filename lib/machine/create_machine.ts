/**
 * Makes machines. One is made whole or not at all, and who made it owns it: when that is done with it, nothing of it is
 * left, however far it has come.
 *
 *     prepare   folder (with its lock), watch on the disk, files, disks, group
 *     boot      VMM in its group and jail, the guest's agent says hello
 *     ---       what is done with it: exec, several at once; collect, flush, while nothing runs
 *     end       the VM is gone; its files and disks are still there to be read and kept
 *     removal   the end of its logs, what it has used, group, folder
 *
 * @module
 */

import { BerthError, describeError, translateRefusedWrite } from "../base/errors.ts";
import { type DiskWatch, watchDisks } from "../disk/watch.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import { type GuestLink, linkByToken } from "../guest/link.ts";
import type { Session } from "../guest/session.ts";
import { besideRoot, type Vm, type VmPlan } from "../vmm/vmm.ts";
import { killOn } from "./attempt.ts";
import { boot } from "./boot.ts";
import { BootFailedError } from "./boot_failure.ts";
import { chownToVmm } from "./chown_to_vmm.ts";
import { createDisks, type JobDisks } from "./disks.ts";
import type { MachineEvent, Tell } from "./events.ts";
import { type Command, type Exec, Lanes } from "./exec.ts";
import { createVmFiles, type LogTail, readSerialTail, type VmFiles, VmmWords } from "./files.ts";
import { createJobFolder } from "./folder.ts";
import { createJobGroup, endOrphan, type JobGroup } from "./group.ts";
import type { Machine, MachineIo } from "./machine.ts";
import type { MachinePlan } from "./plan.ts";
import { planLaunchedVm } from "./launch_plan.ts";
import { largestFirst } from "./running.ts";
import { feedStdin } from "./stdin.ts";

/**
 * Makes a machine, and boots it.
 *
 * @throws {BootFailedError} when its guest does not come up; {BerthError} for all that is the host's or the caller's; the
 * reason of `stop`. Nothing is left then.
 */
export async function createMachine(plan: MachinePlan, io: MachineIo): Promise<Machine> {
  const machine = new OwnedMachine(plan, io);
  try {
    await machine.prepare();
    await machine.boot();
    return machine;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

/** What is there before the VM. */
interface Prepared {
  readonly files: VmFiles;
  readonly disks: JobDisks;
  readonly link: GuestLink;
  readonly space: DiskWatch;
  readonly vm: VmPlan;
  readonly group?: JobGroup;
}

class OwnedMachine implements Machine {
  readonly #plan: MachinePlan;
  readonly #io: MachineIo;
  readonly #tell: Tell;
  /** What is removed when nothing is to be read of it any more. */
  readonly #things = new AsyncDisposableStack();
  /** The VM, and what ends with it. */
  readonly #life = new AsyncDisposableStack();
  readonly #words = new VmmWords();
  #prepared!: Prepared;
  #wasBooted = false;
  #vm!: Vm;
  #session!: Session;
  #lanes!: Lanes;
  #vmStays = false;
  #ending: Promise<void> | undefined;
  #removing: Promise<void> | undefined;
  readonly #inputBroken = Promise.withResolvers<unknown>();

  constructor(plan: MachinePlan, io: MachineIo) {
    this.#plan = plan;
    this.#io = io;
    this.#tell = io.tell;
  }

  get vm(): Vm {
    return this.#vm;
  }

  get session(): Session {
    return this.#session;
  }

  get link(): GuestLink {
    return this.#prepared.link;
  }

  exec(command: Command): Exec {
    return this.#lanes.exec(command);
  }

  async usage(): Promise<GroupUsage | undefined> {
    return await this.#prepared.group?.readUsage();
  }

  get hasCaches(): boolean {
    return this.#prepared.disks.hasCaches;
  }

  get inputBroken(): Promise<unknown> {
    return this.#inputBroken.promise;
  }

  get space(): DiskWatch {
    return this.#prepared.space;
  }

  #point(point: (MachineEvent & { kind: "point" })["point"]): void {
    this.#tell({ kind: "point", point });
  }

  async prepare(): Promise<void> {
    const { stop, caches, hub, vmm } = this.#io;
    const plan = this.#plan;
    const { folder: path } = plan.vm;
    this.#point("folder");
    try {
      const folder = this.#things.use(
        await createJobFolder(path, plan.image, (record) => endOrphan(record, this.#io)),
      );
      await this.#io.onFolder?.();
      const { diskBytes: budgetBytes, minFreeBytes } = plan;
      const watching = { minFreeBytes, budgetBytes, othersFirst: largestFirst(path) };
      const space = this.#things.use(await watchDisks(path, watching));
      const files = createVmFiles(plan.vm, (file) => this.#things.use(file));
      const signal = AbortSignal.any([stop, space.signal]);
      const onNote = (text: string) => this.#tell({ kind: "note", text });
      const disks = this.#things.use(await createDisks(plan, { caches, signal, onNote, onProgress: onNote }));
      const facts = await chownToVmm(plan.vm, vmm, { signal, onProgress: onNote });
      this.#point("group");
      const group = await createJobGroup(plan, this.#io, folder, this.#things, this.#tell);
      this.#point("grouped");
      const vm = planLaunchedVm(plan.vm, { ...facts, cgroup: group?.path });
      const link = linkByToken(hub, plan.token, files);
      this.#prepared = { files, disks, link, space, group, vm };
    } catch (error) {
      throw translateRefusedWrite(error, "the job's folder");
    }
    this.#tell({ kind: "phase", phase: "prepare" });
  }

  async boot(): Promise<void> {
    const { stop, vmm, stdin, tell, templates, uncloneable } = this.#io;
    const { files, disks, link, space, group, vm: plan } = this.#prepared;
    // A guest must not write any more to a host whose disk is full, whatever it is doing.
    const kill = AbortSignal.any([this.#io.kill, space.signal]);
    this.#wasBooted = true;
    const { vm, session, booted, uncloned } = await boot(plan, {
      ...{ link, vmm, stop, kill, tell, templates, uncloneable, look: space.look, tries: this.#plan.boots },
      identity: { token: this.#plan.token, serials: besideRoot(plan.disks).map(({ serial }) => serial) },
      identityFile: files.identity,
      onEmulated: async () => await group?.makeRoom(),
      onWords: (piece) => this.#words.add(piece),
    }).catch((error) => this.#blameDisk(error)).finally(() => tell({ kind: "phase", phase: "boot" }));
    this.#vm = vm;
    this.#session = session;
    const first = { volumes: disks.volumes, stdin: plan.stdin };
    this.#lanes = new Lanes(session, link.outputs, first);
    this.#life.defer(() => this.#endVm(vm));
    this.#life.use(session);
    this.#life.use(killOn(kill, vm));
    this.#life.defer(() => link.forget());
    if (this.#plan.start === "clone" && uncloned !== undefined) throw new BerthError("vm.clone", uncloned);
    if (booted) await this.#attempt("how it booted is not remembered", () => this.#io.onBooted(booted));
    if (stdin) {
      void feedStdin(stdin, { arriving: link.stdin(), vmEnded: vm.exited, onBroken: this.#inputBroken.resolve });
    }
  }

  /** A guest that did not come up on a disk that is full, or read-only, did not for that reason. */
  async #blameDisk(error: unknown): Promise<never> {
    const { look, signal } = this.space;
    if (error instanceof BootFailedError) await look();
    if (!(error instanceof BootFailedError && signal.aborted)) throw error;
    this.#tell({ kind: "seen", source: "berth", what: describeError(signal.reason) });
    throw signal.reason;
  }

  /** Does what must not take anything else with it when it fails. */
  async #attempt(trouble: string, action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#tell({ kind: "trouble", text: `${trouble}: ${describeError(error)}` });
    }
  }

  /** A VM that can't be ended is no end of what it was for. */
  async #endVm(vm: Vm): Promise<void> {
    try {
      await vm[Symbol.asyncDispose]();
    } catch (error) {
      this.#vmStays = true;
      throw error;
    }
  }

  /** Whoever asks for it meanwhile waits for the same end. */
  async end(): Promise<void> {
    await (this.#ending ??= this.#end());
  }

  async #end(): Promise<void> {
    await this.#attempt("ending the VM", () => this.#life.disposeAsync());
    if (this.#wasBooted) this.#point("gone");
  }

  async saveCaches(): Promise<string[]> {
    if (this.#vmStays) throw new Error("the VM may still write to them");
    return await this.#prepared.disks.saveCaches(this.#io.stop);
  }

  async removeDisks(): Promise<void> {
    await this.#prepared.disks.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#removing ??= this.#remove());
  }

  /** Tries every step, whatever the others do. */
  async #remove(): Promise<void> {
    await this.end();
    const tellLog = (log: LogTail) => this.#tell({ kind: "log", log });
    if (this.#prepared) {
      const { files } = this.#prepared;
      await this.#attempt("the end of serial.log can't be read", () => tellLog(readSerialTail(files)));
    }
    tellLog(this.#words.tail());
    this.#point("removal");
    await this.#attempt("cleaning up", () => this.#things.disposeAsync());
  }
}

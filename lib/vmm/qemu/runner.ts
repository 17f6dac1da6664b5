/**
 * Boots a VM with QEMU and owns it until it is gone.
 *
 * @module
 */

import { DeadlineError, settlesWithin, within } from "../../base/deadline.ts";
import { AGENT_SOCKET, nodeWindow, QMP_SOCKET } from "../../host/windows.ts";
import { type Child, startChild } from "../../process/child.ts";
import type { JailPlan } from "../../process/jail.ts";
import { planLaunch } from "../../process/launch.ts";
import { devicesOf, type Vm, type VmExit, type VmJail, type VmPause, type VmPlan, type VmWatcher } from "../vmm.ts";
import { planQemu } from "./args.ts";
import type { Qmp, QmpEvent, QmpHub } from "./qmp.ts";

const WORDS_KEPT = 16 * 1024;
/** How long QEMU may take to end after it was told so by QMP. */
const QUIT_MS = 3000;
const LAST_EVENT_MS = 1000;
/** How long the kernel may take to end a killed QEMU: one that waits for a dead disk of the host ends with that. */
const KILL_MS = 10_000;

/** What QEMU may see and do in its jail. Pure. */
export function planQemuJail(plan: VmPlan, jail: VmJail): JailPlan {
  const images = [plan.kernel, plan.initrd, ...plan.disks.filter(({ readOnly }) => readOnly).map(({ path }) => path)];
  return {
    readOnly: images,
    writable: [plan.folder, QMP_SOCKET, AGENT_SOCKET],
    devices: devicesOf(plan).map((path) => [nodeWindow(path), path]),
    cwd: plan.folder,
    ...jail,
  };
}

/** Starts QEMU; it dials in on its own time. */
export function bootQemu(plan: VmPlan, hub: QmpHub, watcher: VmWatcher): Vm {
  const { command, args } = planLaunch({
    cgroup: plan.cgroup,
    rlimits: plan.rlimits,
    fileBytes: plan.fileBytes,
    jail: plan.jail && planQemuJail(plan, plan.jail),
    argv: planQemu(plan),
  });
  return new QemuVm(startChild({ command, args, stderr: "piped", leadsGroup: true }), plan.name, hub, watcher);
}

/** Events that tell how a guest ends or why it stands still. */
const TELLING = ["SHUTDOWN", "RESET", "POWERDOWN", "STOP", "RESUME", "GUEST_PANICKED", "BLOCK_IO_ERROR", "WATCHDOG"];

/** A QEMU that its guest has broken says anything; what it means is one of the words of its schema. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && /^[a-z -]{1,40}$/.test(value);
}

class QemuVm implements Vm {
  readonly exited: Promise<VmExit>;
  readonly #paused = Promise.withResolvers<VmPause>();
  readonly #child: Child;
  readonly #name: string;
  readonly #hub: QmpHub;
  readonly #watcher: VmWatcher;
  #connected: Qmp | undefined;
  #reason: string | undefined;
  #diskFull = false;
  #isStopped = false;
  #isAsked = false;

  constructor(child: Child, name: string, hub: QmpHub, watcher: VmWatcher) {
    this.#child = child;
    this.#name = name;
    this.#hub = hub;
    this.#watcher = watcher;
    void hub.expect(name, (event) => this.#take(event)).then((qmp) => {
      this.#connected = qmp;
      if (this.#isStopped) void this.#askWhy();
      watcher.onConnected();
    });
    this.exited = this.#waitForEnd();
  }

  get paused(): Promise<VmPause> {
    return this.#paused.promise;
  }

  #take({ name, data }: QmpEvent): void {
    if (!TELLING.includes(name)) return;
    const { reason, action, nospace } = data;
    const details = [reason, action, nospace === true ? "no space" : undefined].filter(isWord);
    this.#watcher.onEvent("qmp", [name, ...details].join(" "));
    if (name === "SHUTDOWN" && isWord(reason)) this.#reason ??= reason;
    if (name === "GUEST_PANICKED") this.#reason = "guest-panic";
    if (name === "BLOCK_IO_ERROR") this.#diskFull ||= nospace === true;
    if (name === "STOP") this.#isStopped = true;
    if (name === "STOP") void this.#askWhy();
  }

  /** It also stops before it ends, and then it does not answer any more. One that stops all the time is asked once. */
  async #askWhy(): Promise<void> {
    if (this.#isAsked || !this.#connected) return;
    this.#isAsked = true;
    let isSlow = false;
    try {
      const { status } = await this.#connected.execute("query-status") as { status: string };
      if (status === "io-error" || status === "internal-error") {
        this.#watcher.onEvent("qmp", `its status is ${status}`);
        this.#paused.resolve({ status, diskFull: this.#diskFull });
      }
    } catch (error) {
      // Of one that has hung up, the end says the rest.
      isSlow = error instanceof DeadlineError;
    }
    this.#isAsked = false;
    // What it waits for may be the very disk that it stopped for.
    if (isSlow) await this.#askWhy();
  }

  async #waitForEnd(): Promise<VmExit> {
    let words = "";
    // The end of this stream says that nothing of the jail is left that could hold it: QEMU is gone, not only its parent.
    for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      words = (words + chunk).slice(-WORDS_KEPT);
      this.#watcher.onWords(chunk);
    }
    const { code } = await this.#child.status;
    this.#hub.forget(this.#name);
    if (this.#connected) {
      // Its last event, why it shut down, may still be on the way.
      await settlesWithin(this.#connected.closed, LAST_EVENT_MS);
      this.#connected[Symbol.dispose]();
    }
    this.#watcher.onEvent("vmm", describeStatus(code));
    return { code, words: words.trim(), reason: this.#reason };
  }

  async quit(): Promise<boolean> {
    // A QEMU that hangs does not answer either; killing is the next rung.
    await this.#connected?.execute("quit").catch(() => {});
    return await settlesWithin(this.exited, QUIT_MS);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await within(this.exited, KILL_MS, "the kernel to end QEMU, which was killed");
  }
}

/** A shell's and bubblewrap's way to tell a signal is 128 and its number. */
function describeStatus(code: number): string {
  return code > 128 ? `it was ended by signal ${code - 128}` : `it exited with status ${code}`;
}

/**
 * A guest in this process: it dials in over a real socket, speaks the agent's protocol, and appends to real files.
 *
 * @module
 */

import { laneFiles, VM_FILES, type VmPlan } from "../../../lib/vmm/vmm.ts";
import { Caller } from "../socket.ts";
import { tarOf } from "../tar.ts";
import { readInput } from "./fake_input.ts";

/** What the guests of one VMM do. */
export interface Play {
  /** What the job prints on its stdout as it begins. */
  readonly prints?: string;
  /** The agent's word on the job's end; absent: it runs until it gets a signal. */
  readonly ends?: string;
  /** The agent's word on a job that it can't start, in place of both. */
  readonly refuses?: string;
  /** What the agent says when it is asked for artifacts, in place of handing them over. */
  readonly collects?: string;
  /** The job reads its input, prints it, and exits with status 0. */
  readonly reads?: boolean;
  /** The agent never says that what caches have is on their disks. */
  readonly flushesOn?: boolean;
  /** Its hook runs until it gets a signal. */
  readonly hookRunsOn?: boolean;
  /** No signal ends the job. */
  readonly isDeaf?: boolean;
  /** On KVM it does not boot. */
  readonly diesOnKvm?: boolean;
  /** Its agent never dials in. */
  readonly isSilent?: boolean;
  /** Its kernel has bound the job's disks by itself. */
  readonly isUnfit?: boolean;
  /** What becomes of one that goes on from a saved state, in place of being somebody's. */
  readonly clones?: "hang" | "end" | "refuse" | "stay";
  /** Its state can't be saved. */
  readonly savesNot?: boolean;
}

/** What artifacts of such a guest are: each is a file with this in it. */
export const ARTIFACT = "made by the job";

/** Where a VM's guest is, and what it does. */
export interface Stage {
  readonly socket: string;
  readonly play: Play;
}

/** A guest, with an agent that does what it is asked. */
export class FakeGuest {
  readonly #plan: VmPlan;
  readonly #stage: Stage;
  #caller: Caller | undefined;
  #isGone = false;
  #runs: "nothing" | "job" | "hook" = "nothing";
  #hasRun = false;
  #token = "";
  isFrozen = false;
  readonly heard: string[] = [];

  constructor(plan: VmPlan, stage: Stage) {
    this.#plan = plan;
    this.#stage = stage;
  }

  /** From the boot to the end of its connection. */
  async live(): Promise<void> {
    if (this.#stage.play.isSilent || this.isFrozen || this.#isGone) return;
    const caller = await Caller.dial(this.#stage.socket);
    this.#caller = caller;
    // It has ended while it dialled, or stands still.
    if (this.#isGone || this.isFrozen) return caller[Symbol.dispose]();
    const { state, nonce } = this.#plan;
    if (state === undefined) this.say(`ready ${nonce}${this.#stage.play.isUnfit ? " unfit" : ""}`);
    // One that has been asked while it stood still has not heard it.
    if (!await this.#isAsked(caller)) return;
    this.#token = this.#readIdentity();
    this.say(`hello ${this.#token} agent`);
    for (let line = await caller.line(); line !== undefined; line = await caller.line()) {
      if (!this.isFrozen) this.#hear(line);
    }
  }

  async #isAsked(caller: Caller): Promise<boolean> {
    for (let line = await caller.line(); line !== undefined; line = await caller.line()) {
      if (line === `who ${this.#plan.nonce}` && !this.isFrozen) return true;
    }
    return false;
  }

  /** The token; its disks are as many as the plan has beside the root. */
  #readIdentity(): string {
    const [token, serials] = Deno.readTextFileSync(`${this.#plan.folder}/${VM_FILES.identity}`).split("\n");
    const planned = this.#plan.disks.filter(({ role }) => role !== "root").map(({ serial }) => serial);
    return serials === planned.join(" ") ? token : "another one's disks";
  }

  #hear(line: string): void {
    const [verb, word] = line.split(" ");
    if (verb === "lane") return this.#hearLane(line);
    if (verb !== "part") this.heard.push(line);
    if (verb === "exec") this.#exec();
    if (verb === "signal" && this.#runs !== "nothing" && !this.#stage.play.isDeaf) {
      this.#exit(`exited signal ${word} 0`);
    }
    if (verb === "collect") this.#collect();
    if (verb === "flush" && !this.#stage.play.flushesOn) this.say("flushed");
  }

  #exec(): void {
    const { prints, ends, refuses, hookRunsOn, reads } = this.#stage.play;
    const isHook = this.#hasRun;
    this.#hasRun = true;
    if (!isHook && refuses) return this.say(refuses);
    this.say("started");
    this.#runs = isHook ? "hook" : "job";
    if (isHook) return hookRunsOn ? undefined : this.#exit("exited code 0 0");
    if (prints) this.#append(VM_FILES.stdout, new TextEncoder().encode(prints));
    if (ends) this.#exit(ends);
    if (reads) void this.#read();
  }

  /** What runs beside the job prints the name of its lane, and runs until it gets a signal. */
  #hearLane(line: string): void {
    const [, lane, verb, word] = line.split(" ");
    if (verb !== "part") this.heard.push(line);
    if (verb === "exec") {
      this.say(`lane ${lane} started`);
      this.#append(laneFiles(this.#plan)[Number(lane)].stdout, new TextEncoder().encode(`lane ${lane}\n`));
    }
    if (verb === "signal") this.say(`lane ${lane} exited signal ${word} 0`);
  }

  async #read(): Promise<void> {
    const input = await readInput(this.#stage.socket, this.#token);
    this.#append(VM_FILES.stdout, new TextEncoder().encode(input));
    this.#exit("exited code 0 0");
  }

  #exit(words: string): void {
    this.#runs = "nothing";
    this.say(words);
  }

  #collect(): void {
    const { collects } = this.#stage.play;
    if (collects) return this.say(collects);
    this.#append(VM_FILES.artifacts, tarOf({ name: "0", data: ARTIFACT }));
    this.say("collected");
  }

  #append(name: string, bytes: Uint8Array): void {
    try {
      Deno.writeFileSync(`${this.#plan.folder}/${name}`, bytes, { append: true, create: false });
    } catch {
      // Its folder has gone, with its owner.
    }
  }

  say(words: string): void {
    // A host that has hung up is not told anything.
    if (!this.isFrozen) void this.#caller?.send(`${words}\n`).catch(() => {});
  }

  hangUp(): void {
    this.#isGone = true;
    this.#caller?.[Symbol.dispose]();
  }
}

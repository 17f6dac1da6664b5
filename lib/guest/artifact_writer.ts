/**
 * Writes artifacts into their folders: a tar for each, in a jail that has nothing of the host but the folder.
 *
 * @module
 */

import { orAborted } from "../base/deadline.ts";
import { textToBytes } from "../base/bytes_text.ts";
import { BerthError } from "../base/errors.ts";
import type { CommandLine } from "../host/permissions.ts";
import { type Child, startChild } from "../process/child.ts";
import { type JailPlan, planJail } from "../process/jail.ts";
import { tryTool } from "../process/tool.ts";
import type { ToolJail } from "../process/tool_jail.ts";
import { BLOCK_BYTES } from "./tar.ts";

/** One `--artifact`. */
export interface ArtifactTarget {
  /** The path in the guest. */
  readonly guest: string;
  /** The folder that it comes out into. */
  readonly folder: string;
  /** Whose the folder is: what comes out is theirs. Absent: not known. */
  readonly owner?: { readonly user: number; readonly group: number };
}

const WORDS_KEPT_BYTES = 2048;
const BUFFER_BYTES = 256 * 1024;

/** What writers are connected to. */
export interface WritersIo {
  readonly targets: readonly ArtifactTarget[];
  readonly jail?: ToolJail;
  /** Called whenever what was written so far goes to a tar. */
  readonly onHandOn: () => void;
  /** Ends every wait for a tar, with the signal's reason. */
  readonly signal: AbortSignal;
}

/** One writer for each artifact, started when its first member comes. Disposing ends what still runs. */
export class ArtifactWriters implements AsyncDisposable {
  readonly #io: WritersIo;
  readonly #running = new Map<number, Writer>();

  constructor(io: WritersIo) {
    this.#io = io;
  }

  of(index: number): Pick<Writer, "write" | "noteHoles"> {
    const known = this.#running.get(index);
    if (known) return known;
    const writer = new Writer(this.#io.targets[index], this.#io);
    this.#running.set(index, writer);
    return writer;
  }

  /** Ends all archives and waits until everything is written. @throws {BerthError} with tar's words. */
  async finish(): Promise<void> {
    for (const writer of this.#running.values()) await writer.finish();
    for (const writer of this.#running.values()) await writer.digHoles();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const writer of this.#running.values()) await writer[Symbol.asyncDispose]();
  }
}

/** A tar that unpacks one artifact. */
class Writer implements AsyncDisposable {
  readonly #target: ArtifactTarget;
  readonly #io: WritersIo;
  readonly #child: Child;
  readonly #stream: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #words: Promise<string>;
  /** One is filled while tar takes the other. */
  #filling = new Uint8Array(BUFFER_BYTES);
  #spare = new Uint8Array(BUFFER_BYTES);
  #filled = 0;
  #written: Promise<void> = Promise.resolve();
  /** Files that had holes in the guest, NUL behind each name. */
  #holed = "";

  constructor(target: ArtifactTarget, io: WritersIo) {
    const [command, ...args] = planTar(target, io.jail);
    this.#target = target;
    this.#io = io;
    this.#child = startChild({ command, args, stdin: "piped", stderr: "piped", leadsGroup: io.jail !== undefined });
    this.#stream = this.#child.stdin.getWriter();
    this.#stream.closed.catch(() => {});
    // Read all along: a tar that complains would stop at a full pipe.
    this.#words = readHead(this.#child.stderr, WORDS_KEPT_BYTES);
  }

  /** Takes a copy of the bytes. Many small ones go to tar together: each write into a pipe has its price. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let taken = 0; taken < bytes.length;) {
      const piece = bytes.subarray(taken, taken + BUFFER_BYTES - this.#filled);
      this.#filling.set(piece, this.#filled);
      this.#filled += piece.length;
      taken += piece.length;
      if (this.#filled === BUFFER_BYTES) await this.#flush();
    }
  }

  /** Notes a file that is to have holes where it has zeros: an archive of busybox's has none. */
  noteHoles(path: string): void {
    this.#holed += `${path}\0`;
  }

  /**
   * Gives back the disk's room for zeros, where its file system can; what the files read as stays. Without a jail a name
   * might lead elsewhere by now, and the files stay whole.
   */
  async digHoles(): Promise<void> {
    const { jail, signal } = this.#io;
    if (!jail || this.#holed === "") return;
    const dig = ["xargs", "--null", "--max-args=1", "fallocate", "--dig-holes", "--"];
    const [command, ...args] = planInFolder(this.#target, jail, ["env", `--chdir=${INSIDE}`, ...dig]);
    const stdin = ReadableStream.from([textToBytes(this.#holed)]);
    // All is out by now, and whoever has ended this goes by the signal itself.
    await tryTool({ command, args, stdin, leadsGroup: true, signal }).catch(() => {});
  }

  async finish(): Promise<void> {
    await this.write(new Uint8Array(2 * BLOCK_BYTES));
    await this.#flush();
    await this.#settle();
    this.#stream.close().catch(() => {});
    const { success } = await orAborted(this.#child.status, this.#io.signal);
    if (!success) throw await this.#failure();
  }

  /** Hands on what is filled, when tar has taken what was handed on before. */
  async #flush(): Promise<void> {
    await this.#settle();
    this.#written = this.#stream.write(this.#filling.subarray(0, this.#filled));
    // Whoever settles it hears of it; it must not be unheard until then.
    this.#written.catch(() => {});
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filled = 0;
    this.#io.onHandOn();
  }

  async #settle(): Promise<void> {
    try {
      await orAborted(this.#written, this.#io.signal);
    } catch {
      this.#io.signal.throwIfAborted();
      throw await this.#failure();
    }
  }

  async #failure(): Promise<BerthError> {
    const words = (await this.#words).trim();
    const full = words.includes("No space left on device");
    return new BerthError(full ? "host.disk-full" : "job.artifact", `--artifact ${this.#target.guest}: ${words}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An abort waits for the write under way, which may wait for a tar that hangs: the end of tar ends both.
    const aborted = this.#stream.abort().catch(() => {});
    await this.#child.stop();
    await aborted;
    await this.#words;
  }
}

/** The first bytes of a stream as text; the rest is read and dropped. */
async function readHead(stream: ReadableStream<Uint8Array<ArrayBuffer>>, limitBytes: number): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    if (text.length < limitBytes) text = (text + chunk).slice(0, limitBytes);
  }
  return text;
}

/** The artifact's folder, in a jail. */
const INSIDE = "/tmp/artifact";

/** Unpacks standard input into a folder. Pure, but for this process's own id. */
export function planTar(target: ArtifactTarget, jail: ToolJail | undefined): CommandLine {
  const extract = ["--extract", "--file=-", "--no-same-owner", "--no-same-permissions", "--delay-directory-restore"];
  if (!jail) return ["tar", ...extract, `--directory=${target.folder}`];
  return planInFolder(target, jail, ["tar", ...extract, `--directory=${INSIDE}`]);
}

/** A tool in a jail that has nothing of the host but the artifact's folder. */
function planInFolder({ folder, owner }: ArtifactTarget, jail: ToolJail, argv: readonly string[]): CommandLine {
  // Not into the folder: only the tool is its owner.
  const view = { readOnly: [], writable: [], writableAt: [[folder, INSIDE]], cwd: "/" } as const;
  return [...planJail({ ...view, filter: jail.filters.plain, ...become(owner, jail) }), ...argv];
}

/** A CI user's folder is filled by that user; root's by a root who may nothing else. */
function become(owner: ArtifactTarget["owner"], jail: ToolJail): Pick<JailPlan, "user" | "group" | "capabilities"> {
  if (!owner) return {};
  // No user namespace for either: a unit may make none.
  if (jail.user !== undefined) return owner;
  if (owner.user === 0) return {};
  // A user's berth, or a container's with few users, can't become anybody; it may write where its namespace lets it.
  return { capabilities: ["CAP_DAC_OVERRIDE", "CAP_FOWNER"] };
}

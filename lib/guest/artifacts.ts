/**
 * Takes artifacts out of the archive that a guest has written.
 *
 * The archive is read here and every member judged; what may come out goes, under a header written anew, to a tar that
 * sees nothing of the host but the artifact's folder.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { basename } from "@std/path";
import { BerthError } from "../base/errors.ts";
import { type Child, startChild } from "../process/child.ts";
import { planJail } from "../process/jail.ts";
import { ArtifactPolicy, type Decision } from "./artifact_policy.ts";
import { printable } from "./protocol.ts";
import { BLOCK_BYTES, parseHeader, string, type TarEntry, writeHeader } from "./tar.ts";

/** One `--artifact`. */
export interface ArtifactTarget {
  /** The path in the guest. */
  readonly guest: string;
  /** The folder that it comes out into. */
  readonly folder: string;
}

/** How to unpack. */
export interface UnpackOptions {
  /** Open at its beginning. Not a path: whoever wrote the archive may have put a link in its place. */
  readonly archive: Deno.FsFile;
  readonly targets: readonly ArtifactTarget[];
  readonly jailed: boolean;
  /** Told of every member that is left out. */
  readonly onLeftOut: (what: string) => void;
  readonly signal?: AbortSignal;
}

const CHUNK_BYTES = 256 * 1024;
/** How many left-out members are named; the rest is counted. */
const NAMED = 20;
const WORDS_KEPT_BYTES = 2048;
/** Enough for a million files of the usual depth. */
const NAMES_LIMIT_BYTES = 256 * 1024 ** 2;

/** Unpacks all artifacts. @throws {BerthError} when the archive is broken or the folder can't be written. */
export async function unpackArtifacts(options: UnpackOptions): Promise<void> {
  const policy = new ArtifactPolicy(options.targets.map(({ guest }) => basename(guest)));
  const file = options.archive;
  await using writers = new Writers(options);
  let leftOut = 0;
  let nameBytes = 0;
  for (const entry of readEntries(file)) {
    options.signal?.throwIfAborted();
    // The policy remembers names, which a guest can make up without end.
    nameBytes += 64 + entry.path.length + entry.link.length;
    if (nameBytes > NAMES_LIMIT_BYTES) throw new BerthError("job.artifact", "the artifacts have too many files");
    const decision = policy.decide(entry);
    const refusal = decision && await refuse(decision, options.targets);
    if (refusal && ++leftOut <= NAMED) options.onLeftOut(printable(refusal));
    // The artifact's own folder is the user's: its mode stays.
    if (!decision || refusal || !("entry" in decision) || decision.entry.path === ".") {
      await copyData(file, entry.size, () => Promise.resolve(), options.signal);
      continue;
    }
    const writer = writers.of(decision.index);
    for (const block of writeHeader(decision.entry)) await writer.write(block);
    await copyData(file, entry.size, (chunk) => writer.write(chunk), options.signal);
  }
  if (leftOut > NAMED) options.onLeftOut(`and ${leftOut - NAMED} more`);
  await writers.finish();
}

/** Why a member is left out: the policy's reason, or a link that stands in the user's folder already. */
async function refuse(decision: Decision, targets: readonly ArtifactTarget[]): Promise<string | undefined> {
  if ("leftOut" in decision) return decision.leftOut;
  const { path } = decision.entry;
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    const parent = `${targets[decision.index].folder}/${path.slice(0, end)}`;
    const isLink = await Deno.lstat(parent).then((info) => info.isSymlink, () => false);
    if (isLink) return `${path}: its name goes through a link that is in the folder already`;
  }
}

/** Reads the headers. The consumer takes each member's data from the file before it asks for the next one. */
function* readEntries(file: Deno.FsFile): Generator<TarEntry> {
  let long: { path?: string; link?: string } = {};
  while (true) {
    const header = parseHeader(readSome(file, BLOCK_BYTES));
    if (header.kind === "end") return;
    if (header.kind === "entry") {
      yield { ...header.entry, ...long };
      long = {};
      continue;
    }
    const text = string(readSome(file, roundUp(header.size)).subarray(0, header.size));
    long = header.kind === "longName" ? { ...long, path: text } : { ...long, link: text };
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Reads so many bytes, or fewer at the end of the file. */
function readSome(file: Deno.FsFile, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

async function copyData(
  file: Deno.FsFile,
  size: number,
  take: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (let left = roundUp(size); left > 0;) {
    signal?.throwIfAborted();
    const chunk = readSome(file, Math.min(left, CHUNK_BYTES));
    if (chunk.length === 0) throw new BerthError("guest.protocol", "the guest's archive of artifacts is cut off");
    await take(chunk);
    left -= chunk.length;
  }
}

/** A jailed tar that unpacks one artifact. */
class Writer implements AsyncDisposable {
  readonly #target: ArtifactTarget;
  readonly #child: Child;
  readonly #stream: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #words: Promise<string>;

  constructor(target: ArtifactTarget, jailed: boolean) {
    const [command, ...args] = planTar(target.folder, jailed);
    this.#target = target;
    this.#child = startChild({ command, args, stdin: "piped", stderr: "piped", leadsGroup: jailed });
    this.#stream = this.#child.stdin.getWriter();
    this.#stream.closed.catch(() => {});
    // Read all along: a tar that complains would stop at a full pipe.
    this.#words = readHead(this.#child.stderr, WORDS_KEPT_BYTES);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#stream.write(bytes);
    } catch {
      throw await this.#failure();
    }
  }

  /** Ends the archive and waits for what is written. */
  async finish(): Promise<void> {
    await this.write(new Uint8Array(2 * BLOCK_BYTES));
    await this.#stream.close().catch(() => {});
    const { success } = await this.#child.status;
    if (!success) throw await this.#failure();
  }

  async #failure(): Promise<BerthError> {
    const words = (await this.#words).trim();
    const full = words.includes("No space left on device");
    return new BerthError(full ? "host.disk-full" : "job.artifact", `--artifact ${this.#target.guest}: ${words}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.abort().catch(() => {});
    await this.#child.stop();
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

/** One writer for each artifact, started when its first member comes. */
class Writers implements AsyncDisposable {
  readonly #options: UnpackOptions;
  readonly #running = new Map<number, Writer>();

  constructor(options: UnpackOptions) {
    this.#options = options;
  }

  of(index: number): Writer {
    const known = this.#running.get(index);
    if (known) return known;
    const writer = new Writer(this.#options.targets[index], this.#options.jailed);
    this.#running.set(index, writer);
    return writer;
  }

  async finish(): Promise<void> {
    for (const writer of this.#running.values()) await writer.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const writer of this.#running.values()) await writer[Symbol.asyncDispose]();
  }
}

/** Unpacks standard input into a folder. Pure. */
function planTar(folder: string, jailed: boolean): string[] {
  const tar = ["tar", "--extract", "--file=-", "--no-same-owner", "--no-same-permissions", "--delay-directory-restore"];
  if (!jailed) return [...tar, `--directory=${folder}`];
  const inside = "/tmp/artifact";
  // The folder may belong to somebody else than root, who runs this: a CI user's own.
  const capabilities = ["CAP_DAC_OVERRIDE", "CAP_FOWNER"];
  const jail = planJail({ readOnly: [], writable: [], writableAt: [[folder, inside]], cwd: inside, capabilities });
  return [...jail, ...tar, `--directory=${inside}`];
}

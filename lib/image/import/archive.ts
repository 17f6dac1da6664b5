/**
 * An archive as a stream: unpacked by a tool where it is compressed, never written to the disk.
 *
 * @module
 */

import { BerthError, describeError } from "../../base/errors.ts";
import { reportEvery } from "../../base/progress.ts";
import { formatBytes } from "../../base/units.ts";
import { type Child, startChild } from "../../process/child.ts";
import { type ArchiveForm, type Compression, detectCompression, FormReader } from "./form.ts";
import { asRefusal, expectRight, listen, type Said } from "./tool_output.ts";
import { explainTool, planCommand, planUnpack, type ToolBounds, type ToolPlan } from "./tools.ts";
import { plainWords } from "./words.ts";

/** A file that holds an archive. */
export interface Archive {
  readonly path: string;
  readonly compression: Compression;
}

/** Listener and bounds of an archive's reading. */
export interface ReadOptions {
  readonly bounds: ToolBounds;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  /** Sees what goes to the tool before that does; what it throws ends it. */
  readonly onChunk?: (chunk: Uint8Array) => void;
}

/** Of a tool's output: more than any `manifest.json` has. */
const OUTPUT_LIMIT_BYTES = 4 * 1024 ** 2;
const HEAD_BYTES = 512;
/** More than any root file system has. Zeros take no space once they are packed, so the disk alone is no limit. */
const CONTENT_LIMIT_BYTES = 256 * 1024 ** 3;

/** Opens a file as an archive, by how it is compressed. */
export async function openArchive(path: string): Promise<Archive> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_BYTES);
  let filled = 0;
  for (let count = await file.read(head); count; count = await file.read(head.subarray(filled))) filled += count;
  return { path, compression: detectCompression(head.subarray(0, filled), path) };
}

/** Form of an archive's content, found by as much of it as that takes: of a root file system, the first folder. */
export async function readForm(
  archive: Archive,
  options: ReadOptions,
): Promise<{ form: ArchiveForm; rootMode?: number }> {
  await using content = await Content.open(archive, options);
  const reader = new FormReader();
  let bytes = 0;
  using _told = reportEvery(() => `looking what it is: ${formatBytes(bytes)} so far`, options.onProgress);
  for await (const chunk of content.chunks()) {
    options.signal.throwIfAborted();
    bytes += chunk.length;
    expectBounded(bytes, archive.path);
    reader.push(chunk);
    if (reader.form) return { form: reader.form, rootMode: reader.rootMode };
  }
  await content.expectWhole();
  return { form: reader.end(), rootMode: reader.rootMode };
}

/**
 * Streams an archive's content into a tool that must succeed, and tells how far it is.
 *
 * @param doing names the work, as in "packing". Returns the tool's standard output.
 */
export async function feed(archive: Archive, plan: ToolPlan, doing: string, options: ReadOptions): Promise<string> {
  const { bounds, signal, onProgress } = options;
  const [name] = plan.argv;
  await using content = await Content.open(archive, options);
  await using tool = startChild({ ...planCommand(plan, bounds), stdin: "piped", stdout: "piped", stderr: "piped" });
  using _ended = endWith(signal, tool);
  const stdout = readText(tool.stdout);
  const words = listen(name, tool.stderr);
  const writer = tool.stdin.getWriter();
  writer.closed.catch(() => {});
  await using _stopped = { [Symbol.asyncDispose]: () => giveUp(writer, tool) };
  const isWhole = await pump(content, writer, doing, options);
  signal.throwIfAborted();
  // A content that breaks off is not the tool's to tell: it knows nothing of what came before it.
  if (isWhole) await content.expectWhole();
  await writer.close().catch(() => {});
  const { success, code } = await tool.status;
  signal.throwIfAborted();
  const said = await words;
  if (!success) throw asRefusal(explainTool({ tool: name, code, words: said.tail }, archive.path, bounds));
  expectRight(name, said, archive.path);
  for (const line of said.notes) onProgress(`${name}: ${plainWords(line)}`);
  return await stdout;
}

/** What is left of it after an error: the last write may wait for a tool that hangs, whose end ends both. */
async function giveUp(writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>, tool: Child): Promise<void> {
  const aborted = writer.abort().catch(() => {});
  await tool[Symbol.asyncDispose]();
  await aborted;
}

/** Returns whether all of the content was taken: a tool may have had enough, or have failed. */
async function pump(
  content: Content,
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
  doing: string,
  { signal, onProgress, onChunk }: ReadOptions,
): Promise<boolean> {
  let bytes = 0;
  using _told = reportEvery(() => `${doing}: ${formatBytes(bytes)} so far`, onProgress);
  for await (const chunk of content.chunks()) {
    signal.throwIfAborted();
    bytes += chunk.length;
    expectBounded(bytes, content.path);
    onChunk?.(chunk);
    try {
      await writer.write(chunk);
    } catch {
      return false;
    }
  }
  return true;
}

function expectBounded(bytes: number, path: string): void {
  if (bytes <= CONTENT_LIMIT_BYTES) return;
  throw new BerthError("image.import", `${path}: it holds more than ${formatBytes(CONTENT_LIMIT_BYTES)}`);
}

/** The tool that unpacks an archive. */
interface Unpacker {
  readonly name: string;
  readonly child: Child;
  readonly words: Promise<Said>;
  /** Whether it could be given all of the file. */
  readonly fed: Promise<void>;
}

/** The unpacked bytes of an archive, with the tool that unpacks it. */
class Content implements AsyncDisposable {
  readonly path: string;
  readonly #source: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #unpacker?: Unpacker;
  readonly #ended?: Disposable;
  readonly #bounds: ToolBounds;

  private constructor(
    path: string,
    source: Deno.FsFile | Omit<Unpacker, "words">,
    { bounds, signal }: ReadOptions,
  ) {
    this.path = path;
    this.#bounds = bounds;
    if ("child" in source) {
      this.#unpacker = { ...source, words: listen(source.name, source.child.stderr) };
      this.#ended = endWith(signal, source.child);
      this.#source = source.child.stdout;
    } else this.#source = source.readable;
  }

  static async open({ path, compression }: Archive, options: ReadOptions): Promise<Content> {
    options.signal.throwIfAborted();
    const file = await Deno.open(path);
    if (compression === "none") return new Content(path, file, options);
    // berth reads the file: the tool need not be able to.
    const command = planCommand(planUnpack(compression, options.bounds), options.bounds);
    const child = startChild({ ...command, stdin: "piped", stdout: "piped", stderr: "piped" });
    return new Content(path, { name: compression, child, fed: pour(file, child.stdin, path) }, options);
  }

  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for await (const chunk of this.#source.values({ preventCancel: true })) yield chunk;
  }

  /** @throws {BerthError} when the unpacker has not liked what it read; for when all of the content was read. */
  async expectWhole(): Promise<void> {
    if (!this.#unpacker) return;
    const { name: tool, child, words, fed } = this.#unpacker;
    await fed;
    const { success, code } = await child.status;
    if (!success) throw explainTool({ tool, code, words: (await words).tail }, this.path, this.#bounds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended?.[Symbol.dispose]();
    try {
      await this.#unpacker?.child[Symbol.asyncDispose]();
    } finally {
      await this.#source.cancel().catch(() => {});
    }
    await this.#unpacker?.words;
    await this.#unpacker?.fed.catch(() => {});
  }
}

/** Writes a file into a tool, which may have had enough before its end. @throws {BerthError} when it can't be read. */
function pour(file: Deno.FsFile, into: WritableStream<Uint8Array<ArrayBuffer>>, path: string): Promise<void> {
  const poured = pourAll(file, into.getWriter()).catch((cause) => {
    throw new BerthError("image.import", `${path}: it can't be read: ${describeError(cause)}`, { cause });
  });
  // Whoever waits for it hears of it.
  poured.catch(() => {});
  return poured;
}

async function pourAll(file: Deno.FsFile, writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>): Promise<void> {
  writer.closed.catch(() => {});
  for await (const chunk of file.readable) {
    if (!await writer.write(chunk).then(() => true, () => false)) return;
  }
  await writer.close().catch(() => {});
}

/** Ends a child when the signal comes, so that nobody waits for its output any more. */
function endWith(signal: AbortSignal, child: Child): Disposable {
  const stop = () => child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", stop) };
}

/** A stream's text; of one that is too long nothing is of use. Read all along, so that no tool stops at a full pipe. */
async function readText(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (text.length <= OUTPUT_LIMIT_BYTES) text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

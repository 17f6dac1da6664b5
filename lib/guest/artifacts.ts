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
import { isUtf8, printable, readable, toByteText } from "../base/bytes_text.ts";
import { BerthError } from "../base/errors.ts";
import { LeftOut } from "../base/left_out.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { ArchiveReader } from "./archive_reader.ts";
import { ArtifactParents } from "./artifact_parents.ts";
import { ArtifactPolicy, type Decision } from "./artifact_policy.ts";
import { type ArtifactTarget, ArtifactWriters } from "./artifact_writer.ts";
import type { ToolJail } from "../process/tool_jail.ts";
import { type TarEntry, writeHeader } from "./tar.ts";
import { ZeroRuns } from "./zero_runs.ts";

export type { ArtifactTarget } from "./artifact_writer.ts";

/** How to unpack. */
export interface UnpackOptions {
  /** Open at its beginning. Not a path: whoever wrote the archive may have put a link in its place. */
  readonly archive: Deno.FsFile;
  /** Where the archive ends; default the file's end. */
  readonly sizeBytes?: number;
  readonly targets: readonly ArtifactTarget[];
  /** Absent: the tools get none. */
  readonly jail?: ToolJail;
  /** Told of every member that is left out. */
  readonly onLeftOut: (what: string) => void;
  /** Told every 2 s how far it is. */
  readonly onProgress?: (line: string) => void;
  /** Ends it, with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Enough for a million files of the usual depth. */
const NAMES_LIMIT_BYTES = 256 * 1024 ** 2;
/** Deeper than anybody's folders; what is deeper counts more, because each of its parents is looked at. */
const USUAL_DEPTH = 64;

/** Unpacks all artifacts. @throws {BerthError} when the archive is broken or the folder can't be written. */
export async function unpackArtifacts(options: UnpackOptions): Promise<void> {
  const { targets } = options;
  const policy = new ArtifactPolicy(targets.map(({ guest }) => toByteText(basename(guest))));
  const reader = new ArchiveReader(options.archive, options);
  const parents = new ArtifactParents(targets.map(({ folder }) => folder));
  await using writers = new ArtifactWriters({ ...options, onHandOn: () => parents.forget() });
  let members = 0;
  const leftOut = new LeftOut(options.onLeftOut);
  let nameBytes = 0;
  using _report = reportProgress(options, () => ({ members, bytes: reader.passedBytes }));
  for await (const entry of reader.entries()) {
    members++;
    nameBytes += nameCostBytes(entry);
    if (nameBytes > NAMES_LIMIT_BYTES) throw new BerthError("job.artifact", "the artifacts have too many files");
    const decision = policy.decide(entry);
    const refusal = decision && refuse(decision, parents, options.jail !== undefined);
    if (refusal) leftOut.add(printable(readable(refusal)));
    // The artifact's own folder is the user's: its mode stays.
    const out = decision && !refusal && "entry" in decision && decision.entry.path !== "." ? decision : undefined;
    const writer = out && writers.of(out.index);
    for (const block of out ? writeHeader(out.entry) : []) await writer?.write(block);
    if (entry.size === 0) continue;
    const zeros = new ZeroRuns();
    for await (const piece of reader.data(entry.size)) {
      if (!writer) continue;
      zeros.add(piece);
      await writer.write(piece);
    }
    if (out && zeros.hasLong) writer?.noteHoles(out.entry.path);
  }
  leftOut.finish();
  await writers.finish();
}

/** What a member's name takes of memory and time: the policy remembers names, which a guest can make up without end. */
function nameCostBytes({ path, link }: TarEntry): number {
  const depth = path.split("/").length;
  return 64 + (path.length + link.length) * Math.max(1, depth / USUAL_DEPTH);
}

/** Why a member is left out: the policy's reason, or a link that stands in the user's folder already. */
function refuse(decision: Decision, parents: ArtifactParents, jailed: boolean): string | undefined {
  if ("leftOut" in decision) return decision.leftOut;
  const { path } = decision.entry;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  if (!jailed && !isUtf8(folder)) return `${path}: without a jail, only into folders whose names are UTF-8`;
  if (parents.hasLink(decision.index, path)) {
    return `${path}: its name goes through a link that is in the folder already`;
  }
}

function reportProgress(options: UnpackOptions, state: () => { members: number; bytes: number }): Disposable {
  return reportEvery(async () => {
    const { sizeBytes: size = (await options.archive.stat()).size } = options;
    const { members, bytes } = state();
    return `artifacts: ${members} files, ${formatBytes(bytes)} of ${formatBytes(size)} are out`;
  }, (line) => options.onProgress?.(line));
}

/**
 * Brings in a root file system that somebody else has made: a folder, a tar, or an OCI image in any of its forms.
 *
 * Nothing of what comes in is trusted: tools in a jail read it, what they write stays in a folder that berth itself writes
 * nothing into, and nothing of it is ever run or mounted on the host.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError, ignoreNotFound } from "../../base/errors.ts";
import { formatBytes } from "../../base/units.ts";
import { tryTool } from "../../process/tool.ts";
import { takeOver } from "../../process/tool_jail.ts";
import type { JobDefaults } from "../spec.ts";
import { type Archive, feed, openArchive, readForm } from "./archive.ts";
import { importOci, type OciSource } from "./image.ts";
import { Members } from "./members.ts";
import { tellProgress } from "./progress.ts";
import { Refusal } from "./tool_output.ts";
import { planPackFolder, planPackTar, planUnpackRoot, runImportTool, type ToolBounds } from "./tools.ts";

/** Source of a root file system: a path as this process sees it, or an image in a registry (`docker://…`). */
export type ImportSource = { readonly path: string } | { readonly registry: string };

/** Import that is to be done: its source, and the bounds of its tools. */
export interface ImportRequest {
  /** The source as the user named it. */
  readonly named: string;
  readonly source: ImportSource;
  /** Which image, of several. */
  readonly ref?: string;
  /** Environment for the way to a registry. */
  readonly proxies: Readonly<Record<string, string>>;
  readonly bounds: ToolBounds;
}

/** Folders, tools and listeners of an import. */
export interface ImportWork {
  /** The tools may write there. */
  readonly toolsFolder: string;
  /** berth itself writes there, and no tool. */
  readonly workFolder: string;
  readonly bounds: ToolBounds;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** Root file system in the tools' folder, and its maker's defaults for jobs. */
export interface ImportedRoot {
  /** A squashfs image. */
  readonly path: string;
  readonly defaults?: JobDefaults;
}

/** Imports a root file system into the tools' folder. @throws {BerthError} `image.import`, `host.*`. */
export async function importRoot(request: ImportRequest, folders: Omit<ImportWork, "bounds">): Promise<ImportedRoot> {
  const work = { ...folders, bounds: request.bounds };
  const image = join(work.toolsFolder, "root.squashfs");
  const imported = await importForm(request, image, work).catch((error) => {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new BerthError("image.import", `${request.named}: it can't be read by this user`, { cause: error });
  });
  await takeOver(image, work.bounds.jail);
  const { size } = await Deno.lstat(image);
  work.onProgress(`the root file system takes ${formatBytes(size)}`);
  return { path: image, ...imported };
}

async function importForm(request: ImportRequest, image: string, work: ImportWork): Promise<Partial<ImportedRoot>> {
  const { source, ref } = request;
  if ("registry" in source) {
    return await importImage({ form: "registry", reference: source.registry, proxies: request.proxies }, image, work);
  }
  const { path } = source;
  const info = await Deno.stat(path);
  if (info.isDirectory) {
    if (await isFile(join(path, "oci-layout"))) return await importImage({ form: "layout", path, ref }, image, work);
    expectNoRef(ref, path);
    await expectRoot(path);
    work.onProgress("packing the folder as a root file system (squashfs)");
    await packFolder(path, path, image, work);
    return {};
  }
  if (!info.isFile) throw new BerthError("image.import", `${path}: this is neither a file nor a folder`);
  const archive = await openArchive(path);
  const { form, rootMode } = await readForm(archive, work);
  if (form !== "root") return await importImage({ form, archive, ref }, image, work);
  expectNoRef(ref, path);
  work.onProgress(`packing a tar (${archive.compression}, ${formatBytes(info.size)}) as a root file system (squashfs)`);
  await packTar(archive, { image, rootMode }, work);
  return {};
}

/** Packs it as it streams by, which unpacks nothing on the host; what can't be packed so is unpacked. */
async function packTar(
  archive: Archive,
  { image, rootMode }: { image: string; rootMode?: number },
  work: ImportWork,
): Promise<void> {
  const members = new Members(({ isSparse }) => {
    if (isSparse) throw new Refusal("image.import", `${archive.path}: it has sparse files`);
  });
  const watched = { ...work, onChunk: (chunk: Uint8Array) => members.push(chunk) };
  try {
    await feed(
      archive,
      planPackTar({ image, rootMode }, work.toolsFolder, work.bounds),
      "packing the root file system",
      watched,
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    work.onProgress(`${error.message}: unpacking it first`);
    await unpackTar(archive, image, work);
  }
  if (members.hasMore) {
    work.onProgress("behind the end of the archive is another one, which is left out, as tar does it");
  }
}

async function unpackTar(archive: Archive, image: string, work: ImportWork): Promise<void> {
  const folder = join(work.toolsFolder, "root");
  await Deno.remove(image).catch(ignoreNotFound);
  await Deno.mkdir(folder, { mode: 0o755 });
  const keepsOwners = await canKeepOwners(work.signal);
  if (!keepsOwners) work.onProgress("all files will belong to root: only root can keep their owners then");
  await feed(archive, planUnpackRoot(folder, keepsOwners), "unpacking the root file system", work);
  await packFolder(folder, archive.path, image, work);
}

async function importImage(source: OciSource, image: string, work: ImportWork): Promise<Partial<ImportedRoot>> {
  const keepsOwners = await canKeepOwners(work.signal);
  if (!keepsOwners) work.onProgress("all files will belong to root: only root can keep the owners of an OCI image");
  const { folder, defaults, where } = await importOci(source, { ...work, keepsOwners });
  work.onProgress("packing the root file system (squashfs)");
  await packFolder(folder, where, image, work);
  return { defaults };
}

async function packFolder(folder: string, where: string, image: string, work: ImportWork): Promise<void> {
  using _told = tellProgress("packing the root file system", work.onProgress, image);
  await runImportTool(planPackFolder(folder, image, work.toolsFolder, work.bounds), { ...work, where });
}

/** An empty folder, or one of something else, is taken for a mistake. */
async function expectRoot(folder: string): Promise<void> {
  for (const name of ["bin", "usr", "etc", "sbin", "nix", "lib"]) {
    if (await lstatIfThere(join(folder, name))) return;
  }
  throw new BerthError(
    "image.import",
    `${folder}: this folder is neither a root file system (it has no bin, usr or etc) nor an OCI layout`,
  );
}

function expectNoRef(ref: string | undefined, path: string): void {
  if (ref === undefined) return;
  throw new BerthError("image.import", `${path}: --ref names an image of several; this is a root file system`);
}

async function isFile(path: string): Promise<boolean> {
  return (await lstatIfThere(path))?.isFile ?? false;
}

/** What can't be looked at is not the same as what is not there. */
async function lstatIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  return await Deno.lstat(path).catch(ignoreNotFound);
}

/** Whether this process may give files to anybody: in a user namespace with one user it can't. */
async function canKeepOwners(signal: AbortSignal): Promise<boolean> {
  const { stdout } = await tryTool({ command: "sh", args: ["-c", "cat /proc/self/uid_map"], signal });
  return stdout.trim().split(/\s+/).at(-1) === "4294967295";
}

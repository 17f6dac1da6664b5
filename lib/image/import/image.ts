/**
 * An OCI image, wherever it is → a folder with its root file system.
 *
 * skopeo turns every form into one image in a layout, umoci unpacks that. berth itself reads only which images there
 * are, and the image's config.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError } from "../../base/errors.ts";
import { removeFolderTree } from "../../files/remove_folder.ts";
import { runTool } from "../../process/tool.ts";
import { makeToolFolder } from "../../process/tool_jail.ts";
import { readSmallFile } from "../../files/small_file.ts";
import type { JobDefaults } from "../spec.ts";
import { type Archive, feed } from "./archive.ts";
import { chooseImage } from "./choice.ts";
import { parseConfig } from "./config.ts";
import { parseDockerArchive, parseIndex, parseManifest } from "./oci.ts";
import { tellProgress } from "./progress.ts";
import { planCopy, planTakeMember, planUnpackImage, planUnpackTar, runImportTool, type ToolBounds } from "./tools.ts";

/** Image, or several, and the name of the one that is meant. */
export type OciSource =
  | { readonly form: "layout"; readonly path: string; readonly ref?: string }
  | { readonly form: "oci" | "docker"; readonly archive: Archive; readonly ref?: string }
  | { readonly form: "registry"; readonly reference: string; readonly proxies: Readonly<Record<string, string>> };

interface Work {
  /** The tools' folder. */
  readonly toolsFolder: string;
  /** berth's own, which tools see read-only. */
  readonly workFolder: string;
  readonly bounds: ToolBounds;
  readonly keepsOwners: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** What skopeo is to copy. */
interface CopySource {
  readonly from: string;
  readonly readOnly: readonly string[];
  readonly proxies?: Readonly<Record<string, string>>;
}

/** Indexes, manifests and configs are small; 4 MiB is what registries and skopeo allow. */
const JSON_LIMIT_BYTES = 4 * 1024 ** 2;

/** Unpacks an image's layers into a folder below the work folder. */
export async function importOci(
  source: OciSource,
  work: Work,
): Promise<{ folder: string; defaults: JobDefaults; where: string }> {
  const { toolsFolder, onProgress, keepsOwners } = work;
  const where = source.form === "registry" ? source.reference : "path" in source ? source.path : source.archive.path;
  const copySource = await planSource(source, where, work);
  const layout = join(toolsFolder, "layout");
  onProgress(source.form === "registry" ? `fetching ${where}` : "reading the OCI image");
  await copyImage({ ...copySource, layout, toolsFolder }, where, work);
  const defaults = await readDefaults(layout, where);
  await removeFolderTree(join(toolsFolder, "source"));
  const folder = join(toolsFolder, "root");
  onProgress("unpacking the image's layers");
  {
    using _told = tellProgress("unpacking the image's layers", onProgress);
    await runImportTool(planUnpackImage({ layout, folder, toolsFolder, keepsOwners }), { ...work, where });
  }
  await removeFolderTree(layout);
  return { folder, defaults, where };
}

async function copyImage(options: Parameters<typeof planCopy>[0], where: string, work: Work): Promise<void> {
  const blobs = join(options.layout, "blobs/sha256");
  using _told = tellProgress("copying the image", work.onProgress, options.layout, blobs);
  await runImportTool(planCopy(options), { ...work, where });
}

/** Finds the image that is meant, and how skopeo is told to take it. */
async function planSource(source: OciSource, where: string, work: Work): Promise<CopySource> {
  switch (source.form) {
    case "registry":
      return { from: source.reference, readOnly: [], proxies: source.proxies };
    case "layout":
      return await planLayout(source.path, source.ref, where, work);
    case "oci": {
      const folder = join(work.toolsFolder, "source");
      await makeToolFolder(folder, work.bounds.jail);
      work.onProgress("unpacking the OCI archive");
      await feed(source.archive, planUnpackTar(folder), "unpacking the OCI archive", work);
      return await planLayout(folder, source.ref, where, work);
    }
    case "docker": {
      const text = await feed(source.archive, planTakeMember("manifest.json"), "looking for the images", work);
      const { position } = chooseImage(parseDockerArchive(text, `${where}: manifest.json`), source.ref, where);
      const { path } = source.archive;
      return { from: `docker-archive:${path}:@${position}`, readOnly: [path] };
    }
  }
}

/** A layout with an index of only the one image, so that a tool can take no other. */
async function planLayout(folder: string, ref: string | undefined, where: string, work: Work): Promise<CopySource> {
  const { manifests, candidates } = parseIndex(await readJson(folder, "index.json", where), `${where}: index.json`);
  const { position } = chooseImage(candidates, ref, where);
  const chosen = join(work.workFolder, "chosen");
  await Deno.mkdir(chosen);
  const { annotations: _names, ...descriptor } = manifests[position];
  await Deno.writeTextFile(join(chosen, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`);
  await Deno.writeTextFile(join(chosen, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  // By a tool: Deno lets only those make links who may write everything.
  await runTool({ command: "sh", args: ["-c", 'ln -s "$1" "$2"', "sh", join(folder, "blobs"), join(chosen, "blobs")] });
  return { from: `oci:${chosen}`, readOnly: folder.startsWith(`${work.toolsFolder}/`) ? [chosen] : [chosen, folder] };
}

/** What the config of the one image in the layout says. */
async function readDefaults(layout: string, where: string): Promise<JobDefaults> {
  const blob = async (digest: string) => await readJson(layout, `blobs/sha256/${digest.replace("sha256:", "")}`, where);
  const index = parseIndex(await readJson(layout, "index.json", where), where);
  const { position } = chooseImage(index.candidates, undefined, where);
  const config = parseManifest(await blob(index.manifests[position].digest), `${where}: its manifest`);
  return parseConfig(await blob(config), `${where}: its config`);
}

/** Reads a file of an image. */
async function readJson(folder: string, name: string, image: string): Promise<string> {
  const where = `${image}: ${name}`;
  const limitBytes = JSON_LIMIT_BYTES;
  const text = await readSmallFile({ folder, path: join(folder, name), where, limitBytes, code: "image.import" });
  if (text === undefined) throw new BerthError("image.import", `${where}: there is no such file`);
  return text;
}

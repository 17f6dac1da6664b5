/**
 * Artifacts unpacked below a folder that is watched.
 *
 * @module
 */

import { within } from "../../lib/base/deadline.ts";
import { unpackArtifacts } from "../../lib/guest/artifacts.ts";
import { writeFilters } from "../../lib/process/tool_jail.ts";
import { rootMissing } from "./require.ts";
import { temporaryFolder } from "./temp.ts";
import { linksLeadingOut, listTree } from "./tree.ts";

/** A place to unpack in: three folders deep, so that some `..` still stay where they are noticed. */
export interface Place extends AsyncDisposable {
  /** The artifacts' folders: `/out` comes out into the first, `/report.txt` into the second. */
  readonly folders: readonly [string, string];
  /** Unpacks, and returns what was said to be left out. @throws also when something was written outside. */
  unpack(archive: Uint8Array, jailed: boolean, signal?: AbortSignal): Promise<string[]>;
}

/** What root's VMMs are. */
const NOBODY_ELSE = 1_900_000_000;
const isRoot = await rootMissing() === undefined;

/** No archive of these tests takes that long, unless something hangs. */
const LIMIT_MS = 60_000;

export async function unpackPlace(): Promise<Place> {
  const temporary = await temporaryFolder();
  const root = temporary.path;
  const folders = [`${root}/a/b/out`, `${root}/a/b/report`] as const;
  for (const folder of folders) await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${root}/a/b/secret`, "secret");
  const outside = async () => {
    const entries = Object.entries(await listTree(root));
    return JSON.stringify(
      entries.filter(([path]) => !/^(archive|tool-\w+\.bpf|a\/b\/(out|report)($|\/))/.test(path)).sort(),
    );
  };
  const before = await outside();
  const check = async () => {
    if (await outside() !== before) throw new Error(`something was written outside: ${await outside()}`);
    for (const folder of folders) {
      const links = linksLeadingOut(await listTree(folder));
      if (links.length) throw new Error(`links lead out: ${links.join(", ")}`);
    }
  };
  return {
    folders,
    async unpack(archive, jailed, signal = new AbortController().signal) {
      const path = `${root}/archive`;
      await Deno.writeFile(path, archive);
      const leftOut: string[] = [];
      const targets = ["/out", "/report.txt"].map((guest, index) => {
        const { uid, gid } = Deno.statSync(folders[index]);
        return { guest, folder: folders[index], owner: { user: uid!, group: gid! } };
      });
      const onLeftOut = (what: string) => void leftOut.push(what);
      try {
        using file = await Deno.open(path);
        const jail = jailed ? { filters: await writeFilters(root), user: isRoot ? NOBODY_ELSE : undefined } : undefined;
        const unpacking = unpackArtifacts({ archive: file, targets, jail, onLeftOut, signal });
        await within(unpacking, LIMIT_MS, "the archive to be unpacked");
      } finally {
        await check();
      }
      return leftOut;
    },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

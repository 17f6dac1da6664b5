/**
 * What is below a folder, so that two moments can be compared.
 *
 * @module
 */

/** Path → what is there: type, permissions, and a file's text or a link's target. Nothing is followed. */
export async function listTree(folder: string, below = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name } of Deno.readDir(`${folder}/${below}`)) {
    const path = below ? `${below}/${name}` : name;
    // Deno has no way to such a file.
    if (name.includes("\ufffd")) {
      found[path] = "something whose name is not UTF-8";
      continue;
    }
    const info = await Deno.lstat(`${folder}/${path}`);
    const mode = (info.mode! & 0o7777).toString(8);
    if (info.isSymlink) found[path] = `link to ${await readLink(`${folder}/${path}`)}`;
    else if (info.isFile) found[path] = `file ${mode}: ${await Deno.readTextFile(`${folder}/${path}`)}`;
    else if (info.isDirectory) Object.assign(found, { [path]: `folder ${mode}` }, await listTree(folder, path));
    else found[path] = "neither file nor folder nor link";
  }
  return found;
}

/** A target that is not UTF-8 Deno can't read. */
async function readLink(path: string): Promise<string> {
  try {
    return await Deno.readLink(path);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return "a name that is not UTF-8";
    throw error;
  }
}

/** Links in a tree (of {@linkcode listTree}) that lead out of it, also over other links. */
export function linksLeadingOut(tree: Readonly<Record<string, string>>): string[] {
  return Object.entries(tree).flatMap(([path, what]) => {
    const target = linkTarget(what);
    return target !== undefined && leadsOut(tree, path.split("/").slice(0, -1), target, 40) ? [path] : [];
  });
}

function linkTarget(what: string | undefined): string | undefined {
  return what?.startsWith("link to ") ? what.slice("link to ".length) : undefined;
}

/** Walks as the kernel does: part by part, and through each link that it meets. */
function leadsOut(tree: Readonly<Record<string, string>>, from: string[], target: string, hops: number): boolean {
  if (target.startsWith("/")) return true;
  const rest = target.split("/").filter((part) => part !== "" && part !== ".");
  const at = [...from];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === "..") {
      if (at.pop() === undefined) return true;
      continue;
    }
    const link = linkTarget(tree[[...at, part].join("/")]);
    if (link === undefined) at.push(part);
    else if (hops === 0) return false;
    else return leadsOut(tree, at, [link, ...rest].join("/"), hops - 1);
  }
  return false;
}

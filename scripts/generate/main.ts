/**
 * Makes what can be made of berth's tables: the permissions in `deno.json`, the variables in them, and the tables of
 * README and topics. With `--check` nothing is written: it ends with 1 when a file differs from what would be made.
 *
 * @module
 */

import { COMMANDS } from "../../lib/cli/commands.ts";
import { loadTree } from "../../lib/cli/line/command_tree.ts";
import { TOPICS } from "../../lib/docs/topics.ts";
import { fillMarkers } from "./markers.ts";
import { fillPermissions, variablesModule } from "./permissions.ts";
import { makeTable } from "./tables.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

const tree = await loadTree(COMMANDS);
const fillTables = (text: string) => fillMarkers(text, (what) => makeTable(what, tree));

/** What a file is to be, by its path and of what it is. */
const FILES: Readonly<Record<string, (text: string) => string>> = {
  "lib/host/variables.ts": variablesModule,
  "deno.json": fillPermissions,
  "README.md": fillTables,
  ...Object.fromEntries(Object.keys(TOPICS).map((name) => [`lib/docs/${name}.md`, fillTables])),
};

/** What differs; written, unless it is only to be checked. */
function generate(isCheck: boolean): string[] {
  return Object.entries(FILES).flatMap(([path, make]) => {
    const text = Deno.readTextFileSync(ROOT + path);
    const made = make(text);
    if (made === text) return [];
    if (!isCheck) Deno.writeTextFileSync(ROOT + path, made);
    return [path];
  });
}

const isCheck = Deno.args.includes("--check");
const changed = generate(isCheck);
for (const path of changed) {
  console.error(
    `generate: ${path} ${isCheck ? "is not what the tables make; run deno task generate" : "is made anew"}`,
  );
}
if (isCheck && changed.length) Deno.exit(1);

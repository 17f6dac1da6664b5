// @ts-types="../support/assert.d.ts"
import { assertEquals } from "@std/assert";

const LIB = new URL("../../lib/", import.meta.url);

/** The files of the house, and what each of them imports of it, by whatever kind of import; not in examples. */
async function imports(): Promise<Map<string, string[]>> {
  const find = `cd "$1" && grep -roE --include='*.ts' '^[^*]*(from|import) *\\(? *"\\.{1,2}/[^"]+\\.ts"' .`;
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", find, "sh", LIB.pathname] }).output();
  assertEquals(success, true);
  const graph = new Map<string, string[]>();
  for (const line of new TextDecoder().decode(stdout).trimEnd().split("\n")) {
    const [file, path] = [line.slice(0, line.indexOf(":")), /"(.*)"$/.exec(line)![1]];
    const [from, to] = [new URL(file, LIB), new URL(path, new URL(file, LIB))];
    graph.set(from.href, [...graph.get(from.href) ?? [], to.href]);
  }
  return graph;
}

/** What leads back to where it began; empty when nothing does. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next, [...way, file]);
      if (circle.length) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const circle = walk(file, []);
    if (circle.length) return circle;
  }
  return [];
}

Deno.test("findCircle() finds one, also of types and of what is loaded late", () => {
  assertEquals(findCircle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
  assertEquals(findCircle(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]])), []);
});

Deno.test("no module imports itself, by whatever way", async () => {
  const graph = await imports();
  assertEquals(graph.size > 200, true);
  assertEquals(findCircle(graph).map((href) => href.slice(LIB.href.length)), []);
});

/** Nobody looks through more files than that in one folder. */
const MOST_FILES = 25;

Deno.test("no folder of code or tests has more than 25 files", async () => {
  const count = `cd "$1" && find lib tests scripts -type f -printf '%h\\n' | sort | uniq -c`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", count, "sh", new URL("..", LIB).pathname] }).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => line.trim());
  assertEquals(lines.length > 30, true);
  assertEquals(lines.filter((line) => parseInt(line) > MOST_FILES), []);
});

Deno.test("every export has a doc line", async () => {
  const find = `cd "$1" && shift && find . -name '*.ts' ! -name '*.d.ts' -exec awk '
    /^\\/\\/ deno-lint-ignore/ || /^export (type )?[{*]/ { next }
    /^export [a-z]/ { count++; if (before !~ /\\*\\/ *$/) print FILENAME ": " $0 }
    { before = $0 }
    END { print count " exports" }' {} +`;
  const args = ["-c", find, "sh", LIB.pathname];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assertEquals(parseInt(lines.pop()!) > 1000, true);
  assertEquals(lines, []);
});

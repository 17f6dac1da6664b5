// @ts-types="../../../../support/assert.d.ts"
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../../../../deno.json" with { type: "json" };
import { EXIT_STATUSES } from "../../../../../lib/base/exit_status.ts";
import { SETTINGS } from "../../../../../lib/cli/config/settings.ts";
import { allNodes } from "../../../../../lib/cli/line/command_tree.ts";
import { TOPICS } from "../../../../../lib/docs/topics.ts";
import { manPages } from "../../../../../scripts/deb/man/pages.ts";
import { TREE } from "../../../../support/command_line/commands.ts";
import { programsMissing, testNeeding } from "../../../../support/require.ts";
import { runScript } from "../../../../support/shell.ts";
import { temporaryFolder } from "../../../../support/temp.ts";

const PAGES = manPages(TREE, "1.2.3", "2026-11-21");
/** What Deno reads, when berth is run from source. */
const OF_DENO = ["DENO_DIR", "XDG_CACHE_HOME", "NO_COLOR"];
const noGroff = await programsMissing("groff");

/** Pages as a terminal has them, without highlights, on lines that have no end. */
async function shown(pages: ReadonlyMap<string, string>): Promise<{ texts: Map<string, string>; warnings: string }> {
  await using folder = await temporaryFolder();
  for (const [file, text] of pages) await Deno.writeTextFile(`${folder.path}/${file}`, text);
  const script = 'cd "$1"; for page in *; do ' +
    'groff -ww -man -Tascii -P-cbou -rLL=1000n "$page" >"$page.shown" 2>>warnings; done; cat warnings';
  const warnings = new TextDecoder().decode(await runScript(["sh", "-c"], script, "sh", folder.path));
  const texts = [...pages.keys()].map((file) => [file, Deno.readTextFileSync(`${folder.path}/${file}.shown`)] as const);
  return { texts: new Map(texts), warnings };
}

/** As ASCII has it. */
function plain(text: string): string {
  return text.replaceAll("…", "...").replaceAll("–", "-");
}

Deno.test("manPages() has berth, each command but help, the configuration, and each topic", () => {
  const named = ["berth.1", "berth-run.1", "berth-image.1", "berth-serve.8", "berth.json.5", "berth-jail.7"];
  assertEquals(named.filter((file) => !PAGES.has(file)), []);
  const withPage = TREE.commands.filter(({ name }) => [1, 8].some((section) => PAGES.has(`berth-${name}.${section}`)));
  assertEquals(
    withPage.map(({ name }) => name),
    TREE.commands.map(({ name }) => name).filter((name) => name !== "help"),
  );
  // Of three topics the page is a command's, or the configuration's.
  assertEquals([...PAGES.keys()].filter((file) => file.endsWith(".7")).length, Object.keys(TOPICS).length - 3);
  assertEquals(PAGES.size, 1 + TREE.commands.length - 1 + 1 + Object.keys(TOPICS).length - 3);
});

for (const [file, page] of PAGES) {
  Deno.test(`${file} says its name, is plain ASCII, and leads to pages that there are`, () => {
    const [, name, section] = /^(.*)\.(\d)$/.exec(file)!;
    const [title, ...lines] = page.split("\n");
    assertStringIncludes(title, `.TH ${name.toUpperCase()} ${section} 2026-11-21 "berth 1.2.3" `);
    const begin = `${name.replaceAll("-", "\\-")} \\- `;
    assertEquals(lines[lines.indexOf(".SH NAME") + 1].slice(0, begin.length), begin);
    assertEquals(page.match(/[^\n\x20-\x7e]/g), null);
    const mentioned = [...page.matchAll(/\\fB(berth[^ ]*?)\\fR\((\d)\)/g)];
    for (const [, other, section] of mentioned) {
      assert(PAGES.has(`${other.replaceAll("\\-", "-")}.${section}`), `${other}(${section})`);
    }
  });
}

testNeeding(noGroff, "manPages() are understood without a warning, and have everything", async () => {
  const { texts, warnings } = await shown(PAGES);
  assertEquals(warnings, "");
  for (const { path, flags } of allNodes(TREE)) {
    if (path.length === 0 || path[0] === "help") continue;
    const text = texts.get(`berth-${path[0]}.1`) ?? texts.get(`berth-${path[0]}.8`)!;
    const lines = text.split("\n").map((line) => line.trim());
    assert(lines.some((line) => line.startsWith(`berth ${path.join(" ")}`)), path.join(" "));
    for (const { name, value, help } of flags) {
      // It is told once for all of them.
      if (name === "help") continue;
      const term = `--${name}${value ? ` ${plain(value)}` : ""}`;
      const at = lines.findIndex((line) => line === term || line.startsWith(`${term} `));
      assertStringIncludes(lines.slice(at, at + 2).join(" "), plain(help), `${path.join(" ")} ${term}`);
    }
  }
  const run = texts.get("berth-run.1")!.replace(/^ +/gm, "");
  for (const [status, meaning] of EXIT_STATUSES) {
    assertMatch(run, new RegExp(`^${status.replace("+", "\\+")}\\s+${meaning}`, "m"));
  }
  for (const { key, variable } of SETTINGS) {
    assertMatch(texts.get("berth.json.5")!, new RegExp(`^ +${key}\\s+variable: ${variable}$`, "m"));
  }
});

testNeeding(noGroff, "a page that is none has warnings", async () => {
  const { warnings } = await shown(new Map([["berth.1", `${PAGES.get("berth.1")}.nosuch\n\\(zz\n`]]));
  assertStringIncludes(warnings, "nosuch");
});

Deno.test("berth(1) names every variable that berth may read", () => {
  const [, environment] = PAGES.get("berth.1")!.split(/^\.SH ENVIRONMENT$/m);
  const names = config.permissions.berth.env.filter((name) => !OF_DENO.includes(name));
  for (const name of names) assertStringIncludes(environment.split(".SH FILES")[0], name);
});

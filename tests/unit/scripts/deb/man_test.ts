// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../../../deno.json" with { type: "json" };
import { allNodes, commandTree } from "../../../../lib/cli/line/command_tree.ts";
import { EXIT_STATUSES } from "../../../../lib/cli/line/commands.ts";
import { manPage } from "../../../../scripts/deb/man.ts";
import { programsMissing, testNeeding } from "../../../support/require.ts";
import { runScript } from "../../../support/shell.ts";
import { temporaryFolder } from "../../../support/temp.ts";

const PAGE = manPage("1.2.3", "2026-11-21");
/** What Deno reads, when berth is run from source. */
const OF_DENO = ["DENO_DIR", "XDG_CACHE_HOME", "NO_COLOR"];

/** The page as a terminal has it, without highlights, on lines that have no end. */
async function shown(page: string): Promise<{ text: string; warnings: string }> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/berth.1`, page);
  const script = 'cd "$1" && groff -ww -man -Tascii -P-cbou -rLL=1000n berth.1 >page 2>warnings && cat page warnings';
  const bytes = await runScript(["sh", "-c"], script, "sh", folder.path);
  return { text: new TextDecoder().decode(bytes), warnings: await Deno.readTextFile(`${folder.path}/warnings`) };
}

Deno.test("manPage() is plain ASCII, so that it looks the same everywhere", () => {
  assertEquals(PAGE.match(/[^\n\x20-\x7e]/g), null);
});

testNeeding(
  await programsMissing("groff"),
  "manPage() is understood without a warning, and has everything",
  async () => {
    const { text, warnings } = await shown(PAGE);
    assertEquals(warnings, "");
    const lines = text.split("\n").map((line) => line.trim());
    const plain = (words: string) => words.replaceAll("…", "...");
    for (const { path, usage, flags, commands } of allNodes(commandTree())) {
      if (path.length === 0) continue;
      const at = lines.indexOf(plain(["berth", ...path, usage].join(" ")), lines.indexOf("COMMANDS"));
      assert(at > 0, path.join(" "));
      const next = lines.findIndex((line, index) => index > at && /^(berth |EXIT STATUS)/.test(line));
      const own = lines.slice(at, next).join("\n");
      for (const { name, value, help } of flags) {
        // It is told once for all of them.
        if (name === "help") continue;
        assertStringIncludes(own, `\n--${name}${value ? ` ${plain(value)}` : ""}`);
        assertStringIncludes(own, plain(help));
      }
      if (commands.length === 0) assert(own.length > 20, path.join(" "));
    }
    for (const [status, meaning] of EXIT_STATUSES) {
      assert(
        new RegExp(`^${status.replace("+", "\\+")}\\s+${meaning}`, "m").test(text.replace(/^ +/gm, "")),
        status,
      );
    }
    assertStringIncludes(text, "berth 1.2.3");
  },
);

testNeeding(await programsMissing("groff"), "a page that is none has warnings", async () => {
  const { warnings } = await shown(`${PAGE}.nosuch\n\\(zz\n`);
  assertStringIncludes(warnings, "nosuch");
});

Deno.test("manPage() names every variable that berth may read", () => {
  const [, environment] = PAGE.split(/^\.SH ENVIRONMENT$/m);
  const names = config.permissions.berth.env.filter((name) => !OF_DENO.includes(name));
  for (const name of names) assertStringIncludes(environment.split(".SH FILES")[0], name);
});

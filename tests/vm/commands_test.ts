/**
 * Several commands in one VM, at once.
 *
 * @module
 */

// @ts-types="../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { berth, leftovers, SCRATCH } from "../support/berth.ts";
import { MANY_COMMANDS, type ManyResults } from "../support/programs/many_commands.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

async function runMany(flags: readonly string[], scripts: readonly string[]): Promise<ManyResults> {
  const { code, stdout, stderr } = await berth(["run", ...flags, "--", ...scripts], { main: MANY_COMMANDS });
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}

const exited = (code: number) => ({ kind: "exited", code, oomKills: 0 });

Deno.test(
  "24 commands at once in one VM have their own output, statuses and signals, and see each other's files",
  async () => {
    // The first waits for a file of the last, the last for one of the first: neither would end if they ran in turn.
    const meet = (own: string, others: string) =>
      `: >/tmp/${own}; until [ -e /tmp/${others} ]; do sleep 0.1; done; echo met`;
    const counting = Array.from(
      { length: 20 },
      (_, index) =>
        `i=0; while [ $i -lt 200 ]; do echo "${index} $i"; echo "e${index}" >&2; i=$((i + 1)); done; exit ${index}`,
    );
    const flags = ["--volume", "new:8M:/v", "--user", "65534"];
    const { commands, later, busy, usage, wrong } = await runMany(flags, [
      meet("first", "last"),
      ...counting,
      "trap 'echo caught; exit 42' INT; echo up; while :; do sleep 600 & wait $!; done",
      "touch /v/file && ls /v",
      meet("last", "first"),
    ]);
    assertEquals([commands[0], commands[23]].map(({ stdout, end }) => [stdout, end]), [
      ["met\n", exited(0)],
      ["met\n", exited(0)],
    ]);
    for (const [index, { stdout, stderr, end }] of commands.slice(1, 21).entries()) {
      assertEquals(
        stdout,
        Array.from({ length: 200 }, (_, line) => `${index} ${line}\n`).join(""),
      );
      assertEquals(stderr, `e${index}\n`.repeat(200));
      assertEquals(end, exited(index));
    }
    assertEquals([commands[22].stdout, commands[22].end], ["file\n", exited(0)]);
    assertEquals([commands[21].stdout, commands[21].end], ["up\ncaught\n", exited(42)]);
    assertEquals(commands.map(({ stderr }) => stderr).filter((text) => text !== "" && !/^(e\d+\n)+$/.test(text)), []);
    assertEquals(later.map(({ stdout, end }) => [stdout, end]), [["behind\n", exited(0)], ["", exited(3)]]);
    assertEquals(wrong, ["error", "error"]);
    assertEquals(busy, "the guest can run 24 commands at once, and does");
    assertEquals(usage, false);
    assertEquals(await leftovers(), []);
  },
);

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { allNodes } from "../../../lib/cli/line/command_tree.ts";
import { parseShell, SHELLS } from "../../../lib/cli/completions/completions.ts";
import { type Choices, choicesOf, operandsOf } from "../../../lib/cli/completions/choices.ts";
import { main } from "../../../lib/cli/main.ts";
import { TREE } from "../../support/command_line/commands.ts";
import { offersOf } from "../../support/command_line/completion.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";

const NODES = allNodes(TREE);

const CHOICES: [value: string, words: string[], paths: Choices["paths"]][] = [
  ["auto|kvm|tcg", ["auto", "kvm", "tcg"], "none"],
  ["host|debian|PATH", ["host", "debian"], "files"],
  ["self|PATH|SLICE:PREFIX:NAME", ["self"], "files"],
  ["NAME|DIR", [], "folders"],
  ["FILE", [], "files"],
  ["PATH[:rwm]", [], "files"],
  ["PATH:GUEST[:ro]|new:SIZE:GUEST", [], "files"],
  ["GUEST=DIR", [], "none"],
  ["GUEST", [], "none"],
  ["A,B,…", [], "none"],
  ["PATHS", [], "none"],
];
for (const [value, words, paths] of CHOICES) {
  Deno.test(`choicesOf() understands ${value}`, () => assertEquals(choicesOf(value), { words, paths }));
}

Deno.test("operandsOf() tells what stands beside the flags", () => {
  const of = (...path: string[]) => operandsOf(NODES.find((node) => node.path.join() === path.join())!);
  assertEquals(of("completions")?.words, ["bash", "zsh", "fish"]);
  assertEquals([of("image", "import")?.paths, of("run")?.paths, of("image", "rm")?.paths], ["files", "files", "none"]);
  assertEquals([of("gc"), of("image"), of("image", "ls"), of("image", "prune")], [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("loadTree() has every command that berth has", () => {
  assertEquals(TREE.commands.map(({ path }) => path), Object.keys(COMMANDS).map((name) => [name]));
});

for (
  const [argv, words] of [[[], "one shell"], [["bash", "zsh"], "one shell"], [
    ["fisch"],
    'did you mean "fish"?',
  ]] as const
) {
  Deno.test(`parseShell() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parseShell(argv), BerthError, words).code, "usage.value");
  });
}

Deno.test("berth completions --help, and one for each shell, end with 0", async () => {
  const log = console.log;
  const said: string[] = [];
  console.log = (text: string) => said.push(text);
  try {
    for (const word of ["--help", ...Object.keys(SHELLS)]) assertEquals(await main(["completions", word], ""), 0);
  } finally {
    console.log = log;
  }
  assertStringIncludes(said[0], "berth completions bash|zsh|fish");
  assertEquals(said.slice(1), Object.values(SHELLS).map((script) => script(TREE).trimEnd()));
});

/** Lines that are no list of flags, and what is offered. */
const LINES: [line: string, offers: string[]][] = [
  ["berth r", ["run"]],
  ["berth completions ", ["bash", "fish", "zsh"]],
  ["berth help re", ["recovery", "report", "requests"]],
  ["berth help sy", ["systemd"]],
  ["berth run --accel ", ["auto", "kvm", "tcg"]],
  ["berth run --accel=k", ["kvm"]],
  ["berth run --start ", ["auto", "clone", "cold"]],
  ["berth run --name image --accel t", ["tcg"]],
  ["berth run --env A=b --acc", ["--accel"]],
  ["berth run --volume /etc:/x:ro --acc", ["--accel"]],
  ["berth run --memory ", []],
  ["berth run --workdir ", []],
  ["berth run --workspace ", ["folder one"]],
  ["berth run --image fo", ["folder one"]],
  ["berth run --report ", ["file two", "folder one"]],
  ["berth run --volume fi", ["file two"]],
  ["berth run --workspace . -- ", ["file two", "folder one"]],
  ["berth run -- make --", []],
  ["berth run -- berth image ", ["file two", "folder one"]],
  ["berth update --memory 1G abc --cpu-q", ["--cpu-quota"]],
  ["berth update abc --device-r", ["--device-rm"]],
  ["berth image build --kernel d", ["debian"]],
  ["berth image build --kernel fi", ["file two"]],
  ["berth image import name ", ["file two", "folder one"]],
  ["berth image import name fi", ["file two"]],
  ["berth image ls x", []],
  ["berth image rm a --fo", ["--force"]],
];

for (const [shell, script] of Object.entries(SHELLS)) {
  const missing = await programsMissing(shell);

  Deno.test(`the completions for ${shell} name every command and every flag`, () => {
    for (const { path, flags } of NODES) {
      for (const word of path) assertStringIncludes(script(TREE), word);
      // fish has them without dashes.
      for (const { name } of flags) assertStringIncludes(script(TREE), shell === "fish" ? `-l ${name} ` : `--${name}`);
    }
  });

  testNeeding(missing, `${shell} offers each command its commands and its flags, and no others`, async () => {
    const wanted: [line: string, offers: string[]][] = NODES.flatMap(({ path, flags, commands }) => {
      const start = ["berth", ...path].join(" ");
      const names = commands.map((command) => command.path.at(-1)!);
      return [
        [`${start} --`, flags.map(({ name }) => `--${name}`).toSorted()],
        ...(names.length ? [[`${start} `, names.toSorted()] satisfies [string, string[]]] : []),
      ];
    });
    await expectOffers(shell, script(TREE), wanted);
  });

  testNeeding(missing, `${shell} offers words, folders and files where they belong`, async () => {
    await expectOffers(shell, script(TREE), LINES);
  });
}

async function expectOffers(shell: string, script: string, wanted: typeof LINES): Promise<void> {
  const offers = await offersOf(shell, script, wanted.map(([line]) => line));
  assertEquals(Object.fromEntries(wanted.map(([line], index) => [line, offers[index]])), Object.fromEntries(wanted));
}

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch } from "@std/assert";
import { quoteWord } from "../../../lib/base/quote.ts";
import { collectFragment, execFragment, type ExecRequest, quoteAscii } from "../../../lib/guest/fragment.ts";
import { seeded } from "../../support/random.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { runScript, splitNul } from "../../support/shell.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** Words that have broken shells before. U+00C1 to U+0108 bring the bytes 0x81 to 0x88, which ash uses for itself. */
const WORDS = [
  ...["", " ", "a b", "'", "''", "'\\''", '"', "\\", "\\'", "\\n", "\n", "\n\n", "end\n", "a\nb\n\n", "\t", "\r\n"],
  ...["-", "--", "-n", "-e", "-x=1", "=", "$HOME", "${x}", "$(id)", "`id`", "!", "!!", "#", "~", "*", "?", "[a]"],
  ...[";", "&", "|", "<", ">", "(", ")", "{", "}", "{a,b}", "%s", "%", "\x01", "\x1b[0m", "\x7f", "\x80", "ÿ"],
  ..."\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8ĀāĂăĄąĆć",
  ...["\u0081\u0082\u0088", "a\u0081'b", "äöü ß", "日本語", "🚀", "\uFEFFbom", "x".repeat(5000), "'".repeat(500)],
];
const ALPHABET = [..."ab '\"\\\n\r\t$`!*?[]{}()<>|&;#~%=-\x01\x7f\u0081\u0085\u0088Áăć語🚀"];

function randomWords(count: number): string[] {
  const random = seeded(42);
  const word = () => Array.from({ length: random(12) }, () => ALPHABET[random(ALPHABET.length)]).join("");
  return Array.from({ length: count }, word);
}

/** What a shell makes of a script. */
async function outputOf(shell: readonly string[], script: string, ...args: string[]): Promise<string[]> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/script.sh`;
  await Deno.writeTextFile(path, script);
  return splitNul(await runScript(shell, path, ...args));
}

/** What the agent's shell makes of what follows a fragment. */
async function sourced(fragment: string, after: string): Promise<string[]> {
  // A line of printable ASCII, which comes through every shell and port.
  assertMatch(fragment, /^[ -~]*$/);
  return await outputOf(BUSYBOX, `${fragment}\n${after}`);
}

const BUSYBOX = ["busybox", "sh"];
const REQUEST: ExecRequest = {
  argv: ["x"],
  env: {},
  workdir: "/",
  hostname: "host1",
  user: "",
  stdin: false,
  volumes: [],
  clockSeconds: 1,
};
const noBusybox = await programsMissing("busybox");

for (const [shell, quote] of [[["sh"], quoteWord], [BUSYBOX, quoteWord], [BUSYBOX, quoteAscii]] as const) {
  const [name, missing] = [`${quote.name}() in ${shell.join(" ")}`, shell === BUSYBOX ? noBusybox : undefined];

  testNeeding(missing, `${name} keeps every word that has broken a shell before`, async () => {
    assertEquals(await outputOf(shell, `printf '%s\\0' ${WORDS.map(quote).join(" ")}`), WORDS);
  });

  testNeeding(missing, `${name} keeps 2000 random words`, async () => {
    const words = randomWords(2000);
    assertEquals(await outputOf(shell, `printf '%s\\0' ${words.map(quote).join(" ")}`), words);
  });
}

const test = (what: string, fn: () => Promise<void>) => testNeeding(noBusybox, what, fn);

test("collectFragment() sets the positional parameters to exactly the paths", async () => {
  const paths = ["/out", "/a b/c'd", "/new\nline\n", "-x", ...randomWords(200)];
  const printed = await sourced(collectFragment(paths), 'for path; do printf "%s\\0" "$path"; done');
  assertEquals(printed, paths);
});

test("execFragment() hands over user, workdir, host name, path, stdin and time", async () => {
  const request = { ...REQUEST, user: "it's:me", workdir: "/a b\n", stdin: true, env: { PATH: "/b'in:/ü" } };
  const print = 'printf "%s\\0" "$user" "$workdir" "$hostname" "$path" "$stdin" "$clock"';
  assertEquals(await sourced(execFragment(request), print), [
    ...["it's:me", "/a b\n", "host1", "/b'in:/ü", "yes", "1"],
  ]);
  assertEquals(await sourced(execFragment(REQUEST), print), ["", "/", "host1", "", "", "1"]);
});

test("execFragment() puts the job's words behind those that it is called with", async () => {
  const words = [...WORDS, ...randomWords(200)];
  const show = "show() { for word; do printf '%s\\0' \"$word\"; done; }\nwith_argv show first";
  assertEquals(await sourced(execFragment({ ...REQUEST, argv: words }), show), ["first", ...words]);
});

testNeeding(
  noBusybox,
  "execFragment() sets exactly the environment, and HOME and HOSTNAME unless the job has them",
  async () => {
    const values = Object.fromEntries(WORDS.map((word, index) => [`V${index}`, word]));
    const environment = async (env: Record<string, string>) => {
      // exec.sh has it.
      const script = `become_program() { printf '%s\\0' "$@"; }\nhome=/home/ci\nwith_env name ''`;
      return await sourced(execFragment({ ...REQUEST, env }), script);
    };
    const expected = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const behind = ["", "name", ""];
    assertEquals(await environment(values), ["HOME=/home/ci", "HOSTNAME=host1", ...expected, ...behind]);
    assertEquals(await environment({ HOME: "/mine", HOSTNAME: "" }), ["HOME=/mine", "HOSTNAME=", ...behind]);
  },
);

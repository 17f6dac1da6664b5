// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { AGENT_FILES } from "../../../lib/guest/agent_files.ts";
import { EXECUTE_CODE } from "../../../lib/guest/programs/execute_code.ts";
import { PROGRAMS } from "../../../lib/guest/programs/programs.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { assemble } from "../../support/shell.ts";
import { temporaryFolder } from "../../support/temp.ts";

testNeeding(await programsMissing("as", "ld", "od"), "EXECUTE_CODE is what scripts/assemble.sh prints", async () => {
  assertEquals(await assemble("lib/guest/programs/execute.S"), EXECUTE_CODE.trim());
});

const noBusybox = await programsMissing("busybox");
const UID = Deno.uid();

interface Executed {
  readonly code: number;
  readonly stdout: string;
  /** What stands on descriptor 9: a line of refused.sh's. */
  readonly refused: string;
}

/** Runs execute, with descriptors as exec.sh has them. @param files in the working directory. */
async function execute(
  words: readonly string[],
  files: Readonly<Record<string, string>> = {},
  { hasAgent = true, uid = 0, mode = 0o755 }: { hasAgent?: boolean; uid?: number | string; mode?: number } = {},
): Promise<Executed> {
  await using folder = await temporaryFolder();
  const place = folder.path;
  await Deno.mkdir(`${place}/cwd`);
  await Deno.writeFile(`${place}/execute`, PROGRAMS.execute, { mode: 0o755 });
  for (const name of ["refused.sh", "runnable.sh"]) {
    await Deno.writeTextFile(`${place}/${name}`, AGENT_FILES[`berth/${name}`]);
  }
  for (const [name, text] of Object.entries(files)) {
    if (name.includes("/")) await Deno.mkdir(`${place}/cwd/${name.split("/")[0]}`, { mode: 0o700 });
    await Deno.writeTextFile(`${place}/cwd/${name}`, text, { mode });
  }
  const script = `place=$1; shift
    chmod 755 "$place"; cd "$place/cwd"; : >"$place/refused"; chmod 666 "$place/refused"
    exec 3<"$place/execute" 4<"$place/refused.sh" 5<"$(command -v busybox)" 6<"$place/runnable.sh" 7</dev/null 8</dev/null
    exec 9>"$place/refused"
    ${hasAgent ? "" : "exec 5<&-"}
    exec /proc/self/fd/3 "$@"`;
  const args = ["-c", script, "sh", place, String(uid), ...words];
  const { code, stdout, stderr } = await new Deno.Command("sh", { args, stdin: "null" }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const refused = await Deno.readTextFile(`${place}/refused`);
  return { code, stdout: new TextDecoder().decode(stdout), refused: refused.replaceAll(place, "@") };
}

testNeeding(
  noBusybox,
  "execute gives the program exactly these words and variables, and no other descriptor",
  async () => {
    const words = ["", "a b", "-x", "ä\n", "'"];
    const show = `for word; do printf '%s\\0' "$word"; done; cat /proc/$$/environ
      for number in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$number ] || echo "$number is open"; done`;
    const { code, stdout } = await execute([
      "/bin/sh",
      "A=",
      "B=b =c",
      "A=2",
      "",
      "my name",
      "-c",
      show,
      "zero",
      ...words,
    ]);
    const printed = stdout.split("\0").slice(0, -1);
    assertEquals([code, printed], [0, [...words, "A=", "B=b =c", "A=2"]]);
    assertEquals(stdout.slice(stdout.lastIndexOf("\0") + 1), "");
    assertEquals(await execute(["/bin/sh", "", "my name", "-c", "echo $0; cat /proc/$$/comm"]), {
      ...{ code: 0, stdout: "my name\nsh\n", refused: "" },
    });
  },
);

testNeeding(noBusybox, "execute leaves the program's status and signal to itself", async () => {
  assertEquals((await execute(["/bin/sh", "", "sh", "-c", "exit 3"])).code, 3);
  assertEquals((await execute(["/bin/sh", "", "sh", "-c", "kill -TERM $$"])).code, 143);
});

testNeeding(
  noBusybox ?? (UID === 0 ? undefined : "only root can be another user"),
  "execute is the user that it is told to be, for good, and says what that one may not",
  async () => {
    for (const uid of [65534, 2_147_483_647]) {
      const status = "grep -E '^(Uid|CapEff|CapPrm)' /proc/self/status";
      const { stdout } = await execute(["/bin/sh", "PATH=/usr/bin:/bin", "", "sh", "-c", status], {}, { uid });
      assertEquals(
        stdout.replace(/\s+/g, " ").trim(),
        `Uid: ${uid} ${uid} ${uid} ${uid} CapPrm: ${"0".repeat(16)} CapEff: ${"0".repeat(16)}`,
      );
    }
    const { code, refused } = await execute(["./mine", "", "mine"], { mine: "#!/bin/sh\n" }, {
      uid: 65534,
      mode: 0o700,
    });
    assertEquals([code, refused], [126, "126 user 65534 may not execute ./mine\n"]);
    // Nor look at: where it is in a folder of root's, or has only the right to be executed.
    const hidden = await execute(["hidden/x", "", "x"], { "hidden/x": "#!/bin/sh\n" }, { uid: 65534 });
    assertEquals([hidden.code, hidden.refused], [126, "126 user 65534 may not execute hidden/x\n"]);
    const unread = await execute(["./x", "", "x"], { x: "#!/none\n" }, { uid: 65534, mode: 0o711 });
    assertEquals([unread.code, unread.refused], [126, "126 the kernel does not execute ./x (error 2)\n"]);
  },
);

testNeeding(noBusybox, "execute runs nothing as nobody knows whom", async () => {
  for (const uid of ["", "-1", "1x", "x", "4294967296", "18446744073709551616", " 0"]) {
    assertEquals(await execute(["/bin/true", "", "true"], {}, { uid }), { code: 126, stdout: "", refused: "" }, uid);
  }
});

const REFUSED: readonly [what: string, words: readonly string[], Readonly<Record<string, string>>, refused: string][] =
  [
    ["nothing that is there", ["./none", "", "none"], {}, "127 \n"],
    ["a folder", ["/usr", "", "usr"], {}, "126 the kernel does not execute /usr (error 13)\n"],
    [
      "a script without its interpreter",
      ["./x", "", "x"],
      { x: "#!/none\n" },
      "126 ./x needs /none, which is not there\n",
    ],
    [
      "what the kernel has no format for",
      ["./x", "", "x"],
      { x: "echo\n" },
      "126 the kernel does not execute ./x (error 8)\n",
    ],
  ];
for (const [what, words, files, refused] of REFUSED) {
  testNeeding(noBusybox, `execute says why it does not execute ${what}`, async () => {
    assertEquals(await execute(words, files), { code: Number(refused.slice(0, 3)), stdout: "", refused });
  });
}

testNeeding(noBusybox, "execute ends with 126 where nobody is there to say why", async () => {
  assertEquals(await execute(["./none", "", "none"], {}, { hasAgent: false }), { code: 126, stdout: "", refused: "" });
});

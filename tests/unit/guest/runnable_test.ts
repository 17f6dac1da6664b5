// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch } from "@std/assert";
import { AGENT_FILES } from "../../../lib/guest/agent_files.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const noBusybox = await programsMissing("busybox");
const CLASS = 4, TYPE = 16, MACHINE = 18;

/** A program of 64 bits, or the beginning of one: see elf(5). Its table stands at `table`, the loader's name behind it. */
function elf(loader: string | undefined, table = 64): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(`${loader ?? ""}\0`);
  const bytes = new Uint8Array(table + 2 * 56 + name.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(TYPE, 3, true);
  view.setUint16(MACHINE, 62, true);
  view.setBigUint64(32, BigInt(table), true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  view.setUint32(table, 1, true);
  view.setUint32(table + 56, loader === undefined ? 1 : 3, true);
  view.setBigUint64(table + 56 + 8, BigInt(table + 2 * 56), true);
  view.setBigUint64(table + 56 + 32, BigInt(name.length), true);
  bytes.set(name, table + 2 * 56);
  return bytes;
}

function changed(bytes: Uint8Array<ArrayBuffer>, at: number, value: number): Uint8Array<ArrayBuffer> {
  return bytes.with(at, value) as Uint8Array<ArrayBuffer>;
}

/** Empty: it can be executed. */
async function whyNot(content: string | Uint8Array, others: Record<string, string | Uint8Array> = {}): Promise<string> {
  await using folder = await temporaryFolder();
  const write = async (name: string, data: string | Uint8Array) => {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data.replaceAll("@", folder.path)) : data;
    await Deno.writeFile(`${folder.path}/${name}`, bytes, { mode: 0o755 });
  };
  for (const [name, data] of Object.entries({ ...others, program: content })) await write(name, data);
  await Deno.writeTextFile(`${folder.path}/runnable.sh`, AGENT_FILES["berth/runnable.sh"]);
  // With busybox's own tools only, as in the guest.
  const script = '. "$1/runnable.sh"; expect_runnable program || echo "$why"';
  const { stdout, stderr } = await new Deno.Command("busybox", {
    args: ["sh", "-c", script, "sh", folder.path],
    cwd: folder.path,
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).replaceAll(folder.path, "@").trimEnd();
}

const RUNNABLE: [string, string | Uint8Array, Record<string, string>?][] = [
  ["a script", "#!/bin/sh\nexit\n"],
  ["a script with blanks, an argument and no end", "#! \t/bin/sh -e"],
  ["a script of a script", "#!@/other\n", { other: "#!/bin/sh\n" }],
  ["a script without #!, which a shell runs", "echo\n"],
  ["a script that begins with an empty #!", "#! \necho\n"],
  ["an empty file, which does nothing", ""],
  ["a program that needs no loader", elf(undefined)],
  ["a program whose loader is there", elf("/bin/sh")],
  ["a program whose table is at its end", elf("/bin/sh", 100_000)],
];
for (const [what, content, others] of RUNNABLE) {
  testNeeding(noBusybox, `expect_runnable takes ${what}`, async () => {
    assertEquals(await whyNot(content, others), "");
  });
}

const ARM = changed(elf(undefined), MACHINE, 0xb7);
const REFUSED: [string, string | Uint8Array, string, Record<string, string | Uint8Array>?][] = [
  ["a missing interpreter", "#!/no/such -x\n", "program needs /no/such, which is not there"],
  [
    "line ends of Windows",
    "#!/bin/sh\r\nexit\r\n",
    "program has the line ends of Windows: with its carriage return, the interpreter /bin/sh is not there",
  ],
  ["an interpreter that is a folder", "#!/bin\n", "program needs /bin, which can't be executed"],
  ["an interpreter of another processor", "#!@/arm\n", "@/arm is a program for another kind of processor", {
    arm: ARM,
  }],
  ["an interpreter of itself", "#!@/program\n", "@/program needs @/program, and that another, and so on"],
  ["a missing loader", elf("/lib64/ld-none.so.2"), "program needs /lib64/ld-none.so.2, which is not there"],
  ["a missing loader, far in the file", elf("/no/ld", 100_000), "program needs /no/ld, which is not there"],
  ["an interpreter without its loader", "#!@/sh\n", "@/sh needs /no/ld, which is not there", { sh: elf("/no/ld") }],
  ["a program for arm64", ARM, "program is a program for another kind of processor than x86-64"],
  ["a program of 32 bits for another processor", changed(elf(undefined), CLASS, 1), "program is a program for another"],
  ["an object file", changed(elf(undefined), TYPE, 1), "program is a part of a program, and none by itself"],
  ["a program that is cut off", elf("/bin/sh").slice(0, 100), "program is cut off or damaged"],
  ["a program with a table beyond all files", changed(elf("/bin/sh"), 39, 0xff), "program is cut off or damaged"],
  ["a program with an empty loader", elf(""), "program is cut off or damaged"],
  ["a program for Windows", new Uint8Array([77, 90, 144, 0, 3, 0]), "program is no program for Linux"],
];
for (const [what, content, words, others] of REFUSED) {
  testNeeding(noBusybox, `expect_runnable refuses ${what}`, async () => {
    assertEquals((await whyNot(content, others)).slice(0, words.length), words);
  });
}

testNeeding(noBusybox, "expect_runnable says something of whatever else begins as a program does", async () => {
  for (let at = 0; at < 64; at++) {
    // Each byte of the header, turned over: it is taken or refused, and never goes on for ever.
    assertMatch(await whyNot(elf("/bin/sh").map((byte, index) => index === at ? ~byte : byte)), /^(program .*)?$/);
  }
});

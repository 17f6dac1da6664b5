// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { createVmFiles, readSerialTail, type VmFiles, VmmWords } from "../../../lib/machine/files.ts";
import { temporaryFolder } from "../../support/temp.ts";

async function withFiles(test: (files: VmFiles, folder: string) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  using stack = new DisposableStack();
  await test(createVmFiles({ folder: temporary.path }, (file) => stack.use(file)), temporary.path);
}

const LONG = Array.from({ length: 2000 }, (_, index) => `line ${index}\n`).join("");

Deno.test("readSerialTail() has all of a short log, and the last 4096 bytes of a long one", async () => {
  await withFiles(async (files, folder) => {
    assertEquals(readSerialTail(files), { name: "serial.log", text: "" });
    await Deno.writeTextFile(`${folder}/serial.log`, "boo\n", { append: true });
    assertEquals(readSerialTail(files).text, "boo\n");
    await Deno.writeTextFile(`${folder}/serial.log`, LONG, { append: true });
    assertEquals(readSerialTail(files).text, LONG.slice(-4096));
  });
});

Deno.test("VmmWords keeps the last 4096 bytes of what it is told", () => {
  const words = new VmmWords();
  assertEquals(words.tail(), { name: "vmm.log", text: "" });
  words.add("qemu: ");
  words.add("boo\n");
  assertEquals(words.tail().text, "qemu: boo\n");
  for (const line of LONG.split(/(?<=\n)/)) words.add(line);
  assertEquals(words.tail().text, LONG.slice(-4096));
  words.add("€".repeat(4096));
  // 4096 bytes are 1365 of them and a part of one.
  assertEquals(words.tail().text.replaceAll("\ufffd", ""), "€".repeat(1365));
});

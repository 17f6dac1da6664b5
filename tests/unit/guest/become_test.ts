// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { BECOME_CODE } from "../../../lib/guest/programs/become_code.ts";
import { PROGRAMS } from "../../../lib/guest/programs/programs.ts";
import { POWERLESS, powerlessMissing, programsMissing, testNeeding } from "../../support/require.ts";
import { assemble } from "../../support/shell.ts";
import { temporaryFolder } from "../../support/temp.ts";

const DISK_BYTES = 4096;
const BLOCK_BYTES = 1040;

/** An identity disk whose time no kernel takes, so that even one that may set the clock leaves it as it is. */
function identityDisk(): Uint8Array {
  const disk = new Uint8Array(DISK_BYTES).fill(0x5e);
  const nanoseconds = 1_000_000_000n; // one too many
  new DataView(disk.buffer).setBigUint64(1024, 1_800_000_000n, true);
  new DataView(disk.buffer).setBigUint64(1032, nanoseconds, true);
  return disk;
}

/** The program's status, and what it prints; as somebody without any power, by a line of sh that ends in `"$@"`. */
async function become(input: Uint8Array, line: string, options: readonly string[] = []) {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/become`, PROGRAMS.become, { mode: 0o755 });
  await Deno.writeFile(`${folder.path}/disk`, input);
  const program = ["bwrap", ...POWERLESS, ...options, `${folder.path}/become`];
  const args = ["-c", `disk=$1; shift; ${line}`, "sh", `${folder.path}/disk`, ...program];
  const { code, stdout, stderr } = await new Deno.Command("sh", { args }).output();
  return { code, printed: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

testNeeding(await programsMissing("as", "ld", "od"), "BECOME_CODE is what scripts/assemble.sh prints", async () => {
  assertEquals(await assemble("lib/guest/programs/become.S"), BECOME_CODE.trim());
});

const noPower = await powerlessMissing();

for (const length of [0, 1, 512, BLOCK_BYTES - 1]) {
  testNeeding(noPower, `become takes no block of ${length} bytes`, async () => {
    const cut = identityDisk().slice(0, length);
    assertEquals(await become(cut, 'exec "$@" <"$disk"'), { code: 1, printed: "" });
  });
}

testNeeding(noPower, "become ends with 1 where there is nothing to read", async () => {
  // A folder, whose reading fails.
  assertEquals(await become(identityDisk(), 'exec "$@" </'), { code: 1, printed: "" });
});

testNeeding(noPower, "become ends with 4, and does nothing, where nobody has written any words", async () => {
  for (const length of [BLOCK_BYTES, DISK_BYTES]) {
    assertEquals(await become(new Uint8Array(length), 'exec "$@" <"$disk"', ["--tmpfs", "/dev"]), {
      ...{ code: 4, printed: "" },
    });
  }
});

const REFUSED = { code: 2, printed: "" };

for (const length of [BLOCK_BYTES, DISK_BYTES]) {
  testNeeding(noPower, `become reads a block of ${length} bytes, and may not renew the host's randomness`, async () => {
    assertEquals(await become(identityDisk().slice(0, length), 'exec "$@" <"$disk"'), REFUSED);
  });
}

testNeeding(noPower, "become reads on where its input comes in pieces", async () => {
  // One read of a pipe in packet mode (O_DIRECT, pipe(2)) has one piece, however many there are.
  const line = 'dd if="$disk" bs=128 oflag=direct status=none | exec "$@"';
  assertEquals(await become(identityDisk().slice(0, BLOCK_BYTES - 16), line), { code: 1, printed: "" });
  assertEquals(await become(identityDisk().slice(0, 1152), line), REFUSED);
});

testNeeding(noPower, "become ends with 2 where there is no /dev/urandom", async () => {
  assertEquals(await become(identityDisk(), 'exec "$@" <"$disk"', ["--tmpfs", "/dev"]), REFUSED);
});

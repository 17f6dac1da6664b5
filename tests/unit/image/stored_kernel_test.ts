// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { planInitramfs } from "../../../lib/image/initramfs.ts";
import { findKernel } from "../../../lib/image/kernel.ts";
import type { KernelWish } from "../../../lib/image/kernel_file.ts";
import { planOrigin } from "../../../lib/image/origin.ts";
import type { ImageStore } from "../../../lib/image/store.ts";
import { findStoredKernel } from "../../../lib/image/stored_kernel.ts";
import { originOf, specOf, storeTest } from "../../support/images.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const MODULE = { group: "base", name: "virtio_mmio.ko", data: new Uint8Array([1, 2, 3]) };

interface Kept {
  readonly release: string;
  readonly days: number;
  readonly isHosts?: boolean;
  readonly hasOldModules?: boolean;
}

/** Puts an image into the store whose kernel is that old. */
async function keep(store: ImageStore, work: string, { release, days, isHosts = false, hasOldModules }: Kept) {
  const kernel = new Uint8Array(2048);
  kernel.set(new TextEncoder().encode("HdrS"), 0x202);
  kernel.set([0, 2], 0x20e);
  kernel.set(new TextEncoder().encode(`${release} (builder)`), 0x400);
  await Deno.writeFile(`${work}/k`, kernel);
  await Deno.utime(`${work}/k`, 0, (Date.now() - days * DAY_MS) / 1000);
  const agent = { agentFiles: { init: release }, programs: {} };
  const inputs = { busybox: new Uint8Array(), applets: [], modules: [MODULE], ...agent };
  await Deno.writeFile(`${work}/i`, planInitramfs(inputs));
  const spec = specOf(await store.put(`${work}/k`, "kernel"), await store.put(`${work}/i`, "initramfs"));
  const origin = planOrigin({ from: "busybox", isHosts, agent: "a" });
  await store.name(release, spec, hasOldModules ? { ...originOf("a"), kernel: "debian" } : origin);
}

/** What is found on a host that has no kernel, and that APT has no answer for. */
async function find(store: ImageStore, work: string, wish?: KernelWish) {
  const said: string[] = [];
  const places = { bootFolder: `${work}/boot`, modulesFolder: `${work}/modules`, workFolder: work };
  const stored = () => findStoredKernel(store);
  const kernel = await findKernel({ ...places, stored, onProgress: (line) => said.push(line) }, wish);
  return { kernel, said };
}

storeTest(
  "a kernel of Debian's that came this week is taken from the store, and nobody is asked",
  async (store, _, work) => {
    for (const kept of [{ release: "6.1.1", days: 6 }, { release: "6.1.9", days: 8 }]) await keep(store, work, kept);
    const { kernel, said } = await find(store, work);
    assertEquals(said, ["kernel: Debian's 6.1.1, which is in the store"]);
    assertEquals([kernel.release, kernel.binaries], ["6.1.1", [MODULE]]);
    assertEquals(await Deno.readFile(kernel.image), await Deno.readFile((await store.load("6.1.1")).spec.kernel));
  },
);

for (const wish of [undefined, "debian"] as const) {
  storeTest(
    `an older one is taken where no newer one can be had, and that is said: ${wish}`,
    async (store, _, work) => {
      await keep(store, work, { release: "6.1.1", days: wish ? 1 : 8 });
      const { kernel, said } = await find(store, work, wish);
      assertEquals([kernel.release, said.length, said[1]], [
        "6.1.1",
        2,
        "kernel: Debian's 6.1.1, which is in the store",
      ]);
      assertEquals(said[0].startsWith("kernel: a newer one of Debian's can't be had ("), true, said[0]);
    },
  );
}

storeTest(
  "the host's kernel in the store, and one without what berth needs, are none of Debian's to take",
  async (store, _, work) => {
    await keep(store, work, { release: "6.1.1", days: 0, isHosts: true });
    await keep(store, work, { release: "6.1.2", days: 0, hasOldModules: true });
    assertEquals(await findStoredKernel(store), undefined);
    await assertRejects(() => find(store, work), BerthError);
  },
);

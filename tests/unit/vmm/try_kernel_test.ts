// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { Hub } from "../../../lib/guest/hub.ts";
import { tryKernel, type TryKernelIo } from "../../../lib/vmm/try_kernel.ts";
import { socketPath } from "../../support/socket.ts";
import { temporaryFolder } from "../../support/temp.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";
import { FakeVmm } from "../../support/vmm/fake_vmm.ts";

const KERNEL = {
  ...{ kernel: "/store/k", initrd: "/store/i", bootArgs: " a  b ", memoryMiB: 256 },
  runnerConfig: { cpu: "qemu64", console: "hvc0" },
};

/** Tries it, and looks at what is left. @param boot what becomes of a VM. */
async function tryIt(play: Play, timeoutMs: number, boot?: (vmm: FakeVmm) => TryKernelIo["vmm"]) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const socket = stack.use(await socketPath("hub"));
  const hub = stack.use(Hub.listen(socket.path));
  const vmm = stack.use(new FakeVmm(socket.path, play));
  const io = { hub, vmm: boot?.(vmm) ?? vmm, folder: folder.path };
  const result = await tryKernel(KERNEL, { accelerator: "kvm", timeoutMs }, io);
  const left = await Array.fromAsync(Deno.readDir(folder.path));
  assertEquals([left, vmm.vms.map(({ isDisposed }) => isDisposed)], [[], [true]]);
  return { result, plan: vmm.vm!.plan, folder: folder.path };
}

Deno.test("tryKernel() boots a kernel as the image has it, until its agent is ready", async () => {
  const { result, plan, folder } = await tryIt({}, 9000);
  assertEquals(result, { works: true, detail: "a kernel booted" });
  const { name, nonce: _nonce, ...others } = plan;
  assertEquals(others, {
    ...{ accelerator: "kvm", memoryMiB: 256, vcpus: 1, kernel: "/store/k", initrd: "/store/i", bootArgs: ["a", "b"] },
    ...{ cpu: "qemu64", console: "hvc0", folder: `${folder}/tried-${name}` },
    ...{ disks: [], identity: false, stdin: false, devices: [] },
  });
});

Deno.test("tryKernel() tells of a kernel that hangs", async () => {
  const { result } = await tryIt({ isSilent: true }, 50);
  assertEquals(result, { works: false, detail: "the guest's agent did not report within 50 ms" });
});

Deno.test("tryKernel() tells of a VMM that ends", async () => {
  const { result } = await tryIt({ isSilent: true }, 9000, (vmm) => ({
    title: "The VMM",
    boot: (plan, watcher) => {
      const vm = vmm.boot(plan, watcher);
      vm.end({ code: 1, words: "no such machine" });
      return vm;
    },
  }));
  assertEquals(result, { works: false, detail: "The VMM ended with status 1: no such machine" });
});

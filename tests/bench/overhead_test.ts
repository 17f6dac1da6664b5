/**
 * What a VM's group needs beside the guest's memory, in the test host with KVM: the number behind `memory.max`.
 *
 * @module
 */
import { formatBytes } from "../../lib/base/units.ts";
import { parseKeys } from "../../lib/cgroup/usage.ts";
import { SCRATCH, shell } from "../support/berth.ts";
import { startHostJob } from "../support/host/host_jobs.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Makes work for the VMM's own threads: output, and pages of the guest's. */
const WORK = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=10 2>/dev/null; ls -R /proc/sys 2>&1";

for (const [memory, cpus] of [[128, 1], [512, 2]] as const) {
  Deno.test(`what a VMM needs beside a guest of ${memory} MiB with ${cpus} vCPUs`, async () => {
    const flags = ["--memory", `${memory}M`, "--cpus", `${cpus}`];
    await using job = await startHostJob({ driver: "cgroupfs", flags, script: `sleep 5; ${WORK}` });
    // It prints before it is "up", so it is waited for as long as it writes.
    await shell(
      'until a=$(stat -c %s "$1"); sleep 2; [ "$a" = "$(stat -c %s "$1")" ]; do :; done',
      `${SCRATCH}/state/jobs/${job.id}/out`,
    );
    const stat = parseKeys(await shell('cat "$1/memory.stat"', job.vmGroup));
    // The page cache of what the VMM has read and written goes when memory is short: it needs no room.
    const needed = stat.anon! + stat.shmem! + stat.kernel!;
    const guest = Number(
      await shell(
        `awk -v size="$2" '/^Size:/ { is = $2 == size } /^Rss:/ && is { print $2 * 1024 }' "/proc/$1/smaps"`,
        job.qemu,
        String(memory * 1024),
      ),
    );
    console.log(`guest of ${memory} MiB: the VMM and its jail need ${formatBytes(needed - guest)} beside it`);
    await job.end();
  });
}

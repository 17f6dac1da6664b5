/**
 * The VMM is born in its group: not a page of the guest's memory is charged elsewhere.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { SCRATCH, shell } from "../support/berth.ts";
import { DRIVERS, startHostJob } from "../support/host/host_jobs.ts";

const PAGES_OF = new URL("../support/pages_of.pl", import.meta.url).pathname;
const PAGE_BYTES = 4096;
const MIB = 1024 ** 2;

await Deno.mkdir(SCRATCH, { recursive: true });

for (const driver of DRIVERS) {
  Deno.test(`every page of the guest's memory is charged to the VM's group: ${driver}`, async () => {
    const flags = ["--accel", "kvm", "--memory", "128M"];
    await using job = await startHostJob({ driver, flags, script: "dd if=/dev/zero of=/dev/null bs=70M count=1" });
    const inode = (await shell('stat -c %i "$1"', job.vmGroup)).trim();
    const lines = (await shell('perl "$1" "$2"', PAGES_OF, job.qemu)).trim().split("\n");
    const pages = new Map(lines.map((line) => line.split(" ")).map(([group, count]) => [group, Number(count)]));
    // What dd has filled at least, and no more than there is: the largest mapping is the guest's memory indeed.
    const mebibytes = pages.get(inode)! * PAGE_BYTES / MIB;
    assert(mebibytes >= 70 && mebibytes <= 128, `${inode} has ${mebibytes} MiB of ${lines}`);
    assertEquals([...pages.keys()], [inode], `${lines}`);
    await job.end();
  });
}

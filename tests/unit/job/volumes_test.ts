// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { planGuestVolumes } from "../../../lib/machine/disk_plan.ts";
import { planDisks, type VolumeInputs } from "../../../lib/job/volumes.ts";

const MIB = 1024 ** 2;
const NOTHING: VolumeInputs = {
  folder: "/jobs/x",
  imageVolumes: [],
  workspace: false,
  volumes: [],
  caches: [],
};

function plan(inputs: Partial<VolumeInputs>) {
  return planDisks({ ...NOTHING, ...inputs });
}

Deno.test("planDisks() plans none for a job that names none", () => {
  assertEquals(plan({}), []);
});

Deno.test("planDisks() uses what is only read where it is, and gives the job its own copy of everything else", () => {
  const inputs: Partial<VolumeInputs> = {
    imageVolumes: [
      { image: "/img/tools.ext4", mountPoint: "/tools", readOnly: true },
      { image: "/img/data.ext4", mountPoint: "/data" },
      { image: "empty", mountPoint: "/empty", sizeMiB: 5 },
    ],
    volumes: [
      { path: "x", mountPoint: "/a", readOnly: true },
      { path: "x", mountPoint: "/b", readOnly: false },
      { path: "x", mountPoint: "/c", readOnly: true, isFolder: true },
      { mountPoint: "/d", sizeBytes: MIB },
    ],
  };
  const seen = plan(inputs).map(({ serial, path, readOnly, source }) => [serial, path, readOnly, source]);
  assertEquals<unknown>(seen, [
    ["image0", "/img/tools.ext4", true, undefined],
    ["image1", "/jobs/x/image1.ext4", false, { kind: "file", from: "/img/data.ext4" }],
    ["image2", "/jobs/x/image2.ext4", false, { kind: "new", sizeBytes: 5 * MIB }],
    ["volume0", "/run/berth/self/volumes/0", true, undefined],
    ["volume1", "/jobs/x/volume1.ext4", false, { kind: "file", from: "/run/berth/self/volumes/1" }],
    ["volume2", "/jobs/x/volume2.ext4", false, {
      kind: "folder",
      from: "/run/berth/self/volumes/2",
      readOnly: true,
    }],
    ["volume3", "/jobs/x/volume3.ext4", false, { kind: "new", sizeBytes: MIB }],
  ]);
});

Deno.test("planDisks() mounts what lies below another volume after it", () => {
  const fresh = (mountPoint: string) => ({ kind: "new", mountPoint, sizeBytes: MIB }) as const;
  const disks = plan({ volumes: [fresh("/a/b/c"), fresh("/a"), fresh("/a/b")] });
  assertEquals(disks.map(({ mountPoint }) => mountPoint), ["/a", "/a/b", "/a/b/c"]);
});

Deno.test("planDisks() keeps an image's own path out of the file's name", () => {
  const [disk] = plan({ imageVolumes: [{ image: "../../etc/passwd", mountPoint: "/x", sizeMiB: 1 }] });
  assertEquals(disk.path, "/jobs/x/image0.ext4");
});

const WRONG: [string, Partial<VolumeInputs>, string][] = [
  ["two volumes in one place", {
    workspace: true,
    volumes: [{ mountPoint: "/workspace", sizeBytes: MIB }],
  }, "two volumes would be at /workspace"],
  ["an image's volume over /proc", { imageVolumes: [{ image: "x", mountPoint: "/proc", sizeMiB: 1 }] }, "/proc"],
  ["17 volumes", {
    caches: Array.from({ length: 17 }, (_, n) => ({ name: `c${n}`, mountPoint: `/c${n}`, sizeBytes: MIB })),
  }, "16 volumes at most, and would have 17"],
];
for (const [what, inputs, words] of WRONG) {
  Deno.test(`planDisks() refuses ${what}`, () => {
    assertThrows(() => plan(inputs), BerthError, words);
  });
}

Deno.test("planGuestVolumes() tells the guest what each one is, but nothing of parts of the root", () => {
  const disks = plan({
    storeDisk: "/root.squashfs",
    scratchBytes: MIB,
    workspace: true,
    imageVolumes: [{ image: "/x", mountPoint: "/image", readOnly: true }],
    volumes: [
      { path: "x", mountPoint: "/file", readOnly: false },
      { path: "x", mountPoint: "/folder", readOnly: true, isFolder: true },
      { mountPoint: "/new", sizeBytes: MIB },
    ],
    caches: [{ name: "a", mountPoint: "/a", sizeBytes: MIB }, { name: "b", mountPoint: "/b", sizeBytes: MIB }],
  });
  const seen = planGuestVolumes(disks, new Set(["cache1"])).map(({ mountPoint, state }) => `${mountPoint} ${state}`);
  assertEquals(seen, [
    ...["/workspace copied", "/image ro", "/file rw", "/folder copied-ro", "/new fresh", "/a rw", "/b fresh"],
  ]);
});

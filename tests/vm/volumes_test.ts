import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** An ext4 file system with a file in it, and the file's text. */
async function makeDisk(folder: string): Promise<string> {
  const path = `${folder}/disk.ext4`;
  await shell(
    `mkdir "$1/in" && echo "of the disk" >"$1/in/file" && mke2fs -q -F -t ext4 -d "$1/in" "$2" 16M`,
    folder,
    path,
  );
  return path;
}

async function digest(path: string): Promise<string> {
  return await shell(`md5sum <"$1"`, path);
}

Deno.test("--volume gives new disks, copies of folders and of files, and files that are only read", async () => {
  const folder = await emptyFolder("volumes");
  const disk = await makeDisk(folder);
  const before = await digest(disk);
  const flags = [
    ...["--volume", `new:64M:/new`, "--volume", "new:4M:/new/deep er", "--volume", `${folder}/in:/folder`],
    ...["--volume", `${folder}/in:/folder-ro:ro`, "--volume", `${disk}:/file`, "--volume", `${disk}:/file-ro:ro`],
  ];
  const script = `set -e; for place in folder folder-ro file file-ro; do cat /$place/file; done
    ls -A /new; ls -A "/new/deep er" /folder-ro; stat -c '%U %a' /new
    for place in /new "/new/deep er" /folder /file; do echo x >"$place/written"; done
    for place in /folder-ro /file-ro; do (echo x >$place/written) 2>/dev/null && exit 9; done
    df -k /new | awk 'END { print ($2 > 50000) }'`;
  const { code, stdout, stderr } = await berth([
    "run",
    "--quiet",
    "--user",
    "nobody",
    ...flags,
    "--",
    "sh",
    "-c",
    script,
  ]);
  // Only the job's user may write into what is new; the rest belongs to whom it belonged to.
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "can't create /folder/written: Permission denied");
  const asRoot = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", script]);
  const lines = ["of the disk", "of the disk", "of the disk", "of the disk", "deep er", "/folder-ro:", "file", ""];
  assertEquals([asRoot.code, stdout], [0, [...lines, "/new/deep er:", "nobody 755", ""].join("\n")], asRoot.stderr);
  assertEquals([await digest(disk), await shell(`ls "$1/in"`, folder)], [before, "file\n"]);
  assertEquals(await leftovers(), []);
});

Deno.test("--scratch takes what the job changes of its root out of the guest's memory", async () => {
  const script = "dd if=/dev/zero of=/big bs=1M count=600 2>/dev/null; stat -c %s /big; grep ' / ' /proc/mounts";
  const { code, stdout, stderr } = await berth(["run", "--quiet", "--scratch", "1G", "--", "sh", "-c", script]);
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, `${600 * 1024 ** 2}\n`);
  assertStringIncludes(stdout, " / ext4 rw");
  assertEquals(await leftovers(), []);
});

Deno.test("a full volume is the job's matter", async () => {
  const script = "dd if=/dev/zero of=/data/big bs=1M count=100; echo $?; exit 7";
  const { code, stdout, stderr } = await berth([
    "run",
    "--quiet",
    "--volume",
    "new:16M:/data",
    "--",
    "sh",
    "-c",
    script,
  ]);
  assertEquals([code, stdout], [7, "1\n"], stderr);
  assertStringIncludes(stderr, "No space left on device");
});

/** Runs the rest of the arguments, and writes what is free on the disk of $BERTH_STATE meanwhile into $low. */
const RECORD_LEAST = `(while sleep 0.05; do df -k --output=avail "$BERTH_STATE" | tail -n 1; done >"$low") & watch=$!
    "$@"; status=$?; kill $watch; exit $status`;

Deno.test("a job whose disks grow too large for the host is ended, and the floor is never passed", async () => {
  // A host's disk of 600 MiB, of which 300 are to stay free.
  const state = `${SCRATCH}/small`;
  const script =
    `size=$(($(du -sm "$2" | cut -f1) + 600)); mkdir -p "$1"; mount -t tmpfs -o mode=0700,size=\${size}m small "$1"
    mkdir "$1/images"; cp -a "$2/images/." "$1/images"; low="$3"; shift 3
    ${RECORD_LEAST}`;
  const low = `${SCRATCH}/low`;
  const wrapper = ["unshare", "-m", "sh", "-c", script, "sh", state, STATE, low];
  const job = "dd if=/dev/zero of=/data/big bs=1M count=2000 && echo done";
  const flags = ["--min-free", "300M", "--volume", "new:4G:/data"];
  const { code, stdout, stderr } = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", job], { wrapper, state });
  assertEquals([code, stdout], [123, ""], stderr);
  assertStringIncludes(stderr, `berth: infra: the disk of ${state}/jobs/`);
  const least = Math.min(...(await Deno.readTextFile(low)).trim().split("\n").map(Number));
  console.log(`least free: ${Math.round(least / 1024)} MiB of a floor of 300`);
  // What was on its way when berth noticed is some MiB.
  assertEquals(least > 280 * 1024, true, `${least} KiB`);
  const refused = await berth(["run", "--quiet", "--min-free", "900000G", "--", "true"]);
  assertEquals(refused.code, 125);
  assertStringIncludes(refused.stderr, "900000 GiB are to stay free");
  assertEquals(await leftovers(), []);
});

Deno.test("an artifact that is too large for the folder's disk ends at the floor, and the job is told why", async () => {
  const folder = `${SCRATCH}/out`;
  const script = `mkdir -p "$1"; mount -t tmpfs -o size=400m out "$1"; shift
    "$@"; status=$?; df -k --output=avail "${folder}" | tail -n 1; exit $status`;
  const wrapper = ["unshare", "-m", "sh", "-c", script, "sh", folder];
  const job = "mkdir /out; for n in $(seq 12); do dd if=/dev/zero of=/out/$n bs=1M count=25 2>/dev/null; done";
  const flags = ["--min-free", "300M", "--memory", "1G", "--artifact", `/out=${folder}`];
  const { code, stdout, stderr } = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", job], { wrapper });
  assertEquals(code, 123, stderr);
  assertStringIncludes(stderr, `berth: infra: the disk of ${folder} has only `);
  // The files that tar had begun are the user's to remove.
  assertEquals(Number(stdout) > 250 * 1024, true, `${stdout} KiB are free`);
  assertEquals(await leftovers(), []);
});

Deno.test("16 volumes are each in their place", async () => {
  const numbers = Array.from({ length: 16 }, (_, index) => index);
  const folder = await emptyFolder("many");
  await shell(`cd "$1"; for n in $(seq 0 15); do mkdir $n; echo $n >$n/number; done`, folder);
  const flags = numbers.flatMap((n) => ["--volume", `${folder}/${n}:/volumes/${n}`]);
  const script = 'for n in $(seq 0 15); do [ "$(cat /volumes/$n/number)" = $n ] || exit 9; done; echo all';
  const { code, stdout, stderr } = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", script]);
  assertEquals([code, stdout], [0, "all\n"], stderr);
});

Deno.test("an image's volumes: new for each job, a copy, and one that is only read", async () => {
  const image = await emptyFolder("volume-image");
  await makeDisk(image);
  await shell(
    `set -e; cd "$1"; spec="$2/images/default/spec.json"
    for field in kernel initrd; do
      file=$(sed -n "s/.*\\"$field\\": \\"\\(.*\\)\\".*/\\1/p" "$spec"); cp "$2/images/default/$file" $field
    done
    # As a user may have them: a VMM that is a user of its own gets copies.
    chmod 600 kernel initrd disk.ext4
    cat >spec.json <<END
    { "arch": "x86_64", "kernel": "kernel", "initrd": "initrd", "bootArgs": "", "memoryMiB": 256, "vcpus": 1,
      "runnerType": "qemu", "volumes": [
        { "image": "disk.ext4", "mountPoint": "/ro", "readOnly": true }, { "image": "disk.ext4", "mountPoint": "/copy" },
        { "image": "../../fresh", "mountPoint": "/fresh", "sizeMiB": 8, "fsType": "ext4", "imageType": "raw" } ] }
END`,
    image,
    STATE,
  );
  const before = await digest(`${image}/disk.ext4`);
  const script = "cat /ro/file /copy/file; echo x >/copy/file; ls -A /fresh; echo x >/fresh/x; echo x >/ro/x";
  const { code, stdout, stderr } = await berth(["run", "--quiet", "--image", image, "--", "sh", "-c", script]);
  assertEquals([code, stdout], [1, "of the disk\nof the disk\n"], stderr);
  assertStringIncludes(stderr, "Read-only file system");
  assertEquals(await digest(`${image}/disk.ext4`), before);
});

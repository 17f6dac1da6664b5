/**
 * The benchmark of imports: `berth image import` of a packed tar against the same tools by hand, in turns.
 *
 * The root file system is made of Debian's packages and is some 500 MB. Both sides end with the same squashfs image;
 * berth also checks the archive, builds an initramfs and puts everything into its store. The kernel is there already.
 *
 * @module
 */

import { commandOf } from "./calls.ts";
import { runTimed, shell } from "./child.ts";
import { openScratch, SCRATCH, STATE } from "./places.ts";
import { compare } from "./statistics.ts";
import { formatRows } from "./table.ts";

const PAIRS = Number(Deno.args[0] ?? 5);
const LIMIT_MS = 600_000;
const PACKAGES = "g++,git,python3,perl,vim,cmake";

/** Everything below `$1`: `root.tar.zst`, and a kernel whose modules stand beside it. */
const MAKE = `
  cd "$1"
  sources=$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep bookworm | sort -u)
  mmdebstrap --quiet --variant=minbase --format=tar --include="$2" bookworm root.tar "$sources"
  zstd -q -T0 root.tar
  mkdir kernel
  cd kernel
  name=$(apt-cache --no-all-versions show linux-image-cloud-amd64 |
    sed -n 's/^Depends:.*\\(linux-image-[0-9][^ ,]*\\).*/\\1/p' | head -n 1)
  apt-get -qq -o APT::Sandbox::User=root download "$name"
  dpkg-deb -x linux-image-*.deb .`;
const BY_HAND = 'rm -f "$2"; zstd -q -dc -T0 "$1" | sqfstar -no-progress -quiet -comp lz4 -Xhc "$2"';

const signal = new AbortController().signal;
const timed = async (what: string, argv: readonly string[], env?: Record<string, string>) => {
  const { startedMs, endedMs } = await runTimed({ what, argv, env, limitMs: LIMIT_MS }, signal);
  return endedMs - startedMs;
};

await using _scratch = await openScratch();
console.error("bench: making a root file system");
await timed("making the root", ["sh", "-ec", MAKE, "sh", SCRATCH, PACKAGES]);
const kernel = (await shell("finding the kernel", 'ls "$1"/kernel/boot/vmlinuz-*', SCRATCH)).trim();
const archive = `${SCRATCH}/root.tar.zst`;
const flags = ["--quiet", "--kernel", kernel];
const berth = () =>
  timed("berth image import", commandOf(["image", "import", "bench", archive, ...flags]), { BERTH_STATE: STATE });
const byHand = () => timed("by hand", ["sh", "-ec", BY_HAND, "sh", archive, `${SCRATCH}/by-hand.squashfs`]);

const pairs: [number, number][] = [];
for (let pair = 0; pair < PAIRS; pair++) {
  console.error(`bench: pair ${pair + 1} of ${PAIRS}`);
  // Each side is first in every second pair.
  const early = pair % 2 ? await byHand() : undefined;
  const ours = await berth();
  pairs.push([ours, early ?? await byHand()]);
}
const bytes = (await shell("measuring the root", 'stat -c %s "$1/root.tar"', SCRATCH)).trim();
const name = `import of a tar of ${Math.round(Number(bytes) / 1e6)} MB (opponent: zstd | sqfstar)`;
console.log(formatRows([{ name, unit: "ms", target: { at: "most", value: 1.2 }, result: compare(pairs) }]));
await shell("removing the image", 'rm -rf "$1/images/bench"', STATE);

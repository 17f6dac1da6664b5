/**
 * A QEMU of which a test says what its KVM is worth. It has no guests: what the probe guest prints it prints itself, and
 * in the place of a kernel stands the agent of fake_qemu.pl, which runs a job that does nothing.
 *
 * @module
 */

import { shell } from "../berth.ts";

const FAKE = new URL("../../faults/fake_qemu.pl", import.meta.url).pathname;

/** What it does with `-accel kvm`; emulation always works. */
export const KVM_PLAYS = {
  works: "",
  /** A node that opens, and can't run anything. */
  aborts: 'print STDERR "failed to set MSR 0x10a\\n"; kill ABRT => $$; sleep 1000;',
  spins: "sleep 1000;",
  /** Parts of the loop take 0.2 s each. */
  "is slow": 'if ($probe) { print ">"; while (1) { select undef, undef, undef, 0.2; print "." } } sleep 1000;',
  "runs no kernel": "sleep 1000 unless $probe;",
  "dies at once": 'unless ($probe) { print STDERR "KVM internal error\\n"; exit 1 }',
  "went away": 'print STDERR "Could not access KVM kernel module: No such device\\n"; exit 1;',
} as const satisfies Readonly<Record<string, string>>;

export type KvmPlay = keyof typeof KVM_PLAYS;

/** What the probe guest prints at 2 GHz: its loop takes 30 ms emulated, and a tenth of that on KVM. */
const PRELUDE = `
$| = 1;
my ($probe, $kvm) = map { my $word = $_; scalar grep { $_ eq $word } @ARGV } "-bios", "kvm";
if ("@ARGV" eq "--version") { print "QEMU emulator version 7.2.22\\n"; exit }
if ("@ARGV" eq "-machine help") { print "microvm a machine\\n"; exit }
if ($kvm) { PLAY }
if ($probe) { print ">", "." x 64, sprintf("%016x %016x\\n", 2_000_000, $kvm ? 6_000_000 : 60_000_000); exit 33 }
`;
/** What its agent does: see fake_qemu.pl. */
const AGENT = ["@qmp", "@hello", "@asked", "started", "exited code 0 0", "@quit"];

/**
 * Writes the stand-in.
 *
 * berth must take it for the same QEMU as before when its KVM does something else: it is the same file, of the same age
 * and size.
 */
export async function writeStandIn(path: string, play: KvmPlay): Promise<void> {
  const longest = Math.max(...Object.values(KVM_PLAYS).map(({ length }) => length));
  const prelude = PRELUDE.replace("PLAY", () => KVM_PLAYS[play].padEnd(longest));
  const agent = await shell('cat "$1"', FAKE);
  await Deno.writeTextFile(path, `#!/usr/bin/perl\n${prelude}${agent}${AGENT.join("\n")}\n`, { mode: 0o755 });
  await shell('touch -d @1000000000 "$1"', path);
}

/** Where a host has no such node, /dev is covered by one that has. The stand-in does not look at what it is. */
const GIVE_NODE = `[ -e /dev/kvm ] || {
  mkdir -p "$0.dev" && mount -t tmpfs dev "$0.dev"
  for entry in /dev/*; do
    place=$0.dev/\${entry##*/}
    if [ -L "$entry" ]; then cp -P "$entry" "$place" && continue; fi
    if [ -d "$entry" ]; then mkdir "$place"; else : >"$place"; fi
    mount --rbind "$entry" "$place"
  done
  : >"$0.dev/kvm" && mount --bind /dev/null "$0.dev/kvm" && mount --move "$0.dev" /dev
}`;

/** What stands in front of a command line for which it is QEMU, on a host with KVM's node. */
export function inPlaceOfQemu(path: string): string[] {
  const script = `${GIVE_NODE}\nmount --bind "$0" /usr/bin/qemu-system-x86_64; exec "$@"`;
  return ["unshare", "-m", "sh", "-ec", script, path];
}

/** Whether KVM's node can be opened here: if not, that is what the doctor finds. */
export async function hasKvmNode(): Promise<boolean> {
  return await shell("[ -c /dev/kvm ] && (exec 3<>/dev/kvm) && echo yes || :") === "yes\n";
}

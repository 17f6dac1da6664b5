// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { areaOf, AREAS, type Finding, FINDINGS } from "../../../lib/doctor/finding.ts";
import { judge, worstOf } from "../../../lib/doctor/judge.ts";
import { type Difference, hostWith } from "../../support/host/doctor_hosts.ts";
import { BAD_HOSTS, FAILS } from "./bad_hosts.ts";

/** What is not ok, as `STATUS ID: FIX`. */
function complaints(difference: Difference): string[] {
  return judge(hostWith(difference)).filter(({ status }) => status !== "ok").map(describe);
}

const describe = ({ status, id, fix }: Finding) => `${status} ${id}${fix ? `: ${fix}` : ""}`;

Deno.test("judge() finds nothing wrong with a good host, and looks at everything there is", () => {
  for (const isUser of [false, true]) {
    const findings = judge(hostWith({ isUser }));
    assertEquals([worstOf(findings), complaints({ isUser })], ["ok", []]);
    const all = AREAS.flatMap((area) => FINDINGS[area].map((name) => `${area}.${name}`));
    // Emulation is tried where KVM does not work, devices are systemd's, and a user has no user namespace but berth's.
    const left = ["qemu.emulation", "cgroup.devices", ...(isUser ? ["namespaces.user"] : [])];
    assertEquals(findings.map(({ id }) => id as string).toSorted(), all.filter((id) => !left.includes(id)).toSorted());
  }
});

for (const [what, difference, expected] of BAD_HOSTS) {
  Deno.test(`judge() finds ${what}, and nothing else`, () => {
    assertEquals(complaints(difference), expected);
    for (const { what, means } of judge(hostWith(difference))) {
      assert(what.length > 5 && means.length > 5 && !/undefined|NaN/.test(what + means), `${what} - ${means}`);
    }
  });
}

Deno.test("judge() says of what it could not find out why", () => {
  const [unknown] = judge(hostWith({ unknown: ["systemd"] })).filter(({ status }) => status !== "ok");
  assertEquals(unknown.what, "not known: waited 30 s for what the host says of it");
  assertEquals(areaOf(unknown), "systemd");
});

Deno.test("judge() keeps to the areas that are wanted; a host process that does not start is always said", () => {
  const ids = (difference: Difference) => judge(hostWith(difference), ["state"]).map(({ id }) => id);
  assertEquals(ids({}), ["state.folder", "state.owner", "state.users", "state.space", "state.inodes"]);
  assertEquals(ids({ problem: "no" })[0], "host.process");
});

Deno.test("judge() tells how to mount the tree for faster starts, where the kernel can", () => {
  const fixOf = (kernel: string, options: string) =>
    judge(hostWith({ facts: { cgroup: { kernel, cgroup2: `/sys/fs/cgroup ${options}` } } }))
      .filter(({ id }) => id === "cgroup.favordynmods").map(({ status, fix }) => [status, fix]);
  assertEquals(fixOf("6.1.0", "rw,nsdelegate"), [
    ["ok", "mount -o remount,nsdelegate,favordynmods /sys/fs/cgroup"],
  ]);
  assertEquals(fixOf("6.1.0", "rw,favordynmods"), [["ok", undefined]]);
  assertEquals(fixOf("5.15.0-91-generic", "rw"), []);
});

Deno.test("worstOf() is the worst of all", () => {
  assertEquals(worstOf([]), "ok");
  assertEquals(worstOf(judge(hostWith({ isUser: true, tries: { jail: FAILS } }))), "warn");
  assertEquals(worstOf(judge(hostWith({ tries: { jail: FAILS, mkfs: FAILS } }))), "fail");
});

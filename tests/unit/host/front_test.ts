// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { type FrontOptions, planFront } from "../../../lib/host/front.ts";
import type { Window } from "../../../lib/host/windows.ts";

const OPTIONS: FrontOptions = {
  self: ["/bin/berth"],
  args: ["run", "--", "make", ""],
  shown: [],
  stateDir: "/var/lib/berth",
  windows: [],
  env: {},
  isRoot: true,
};

/** The plan with the script's text taken out, which is not of this test. */
function planned(change: Partial<FrontOptions> = {}): string[] {
  const plan = planFront({ ...OPTIONS, ...change }, 4711);
  const script = plan.findIndex((argument) => argument.includes("mount --bind"));
  assert(plan[3].includes("exec unshare $namespaces"), plan[3]);
  return plan.with(script, "SCRIPT").with(3, "FRONT");
}

Deno.test("planFront() is this command line for root", () => {
  assertEquals(planned(), [
    ...["/usr/bin/setsid", "sh", "-c", "FRONT", "berth-front", "--mount", "-"],
    ...["unshare mount pivot_root setpriv findmnt stat", "-", "sh", "-c", "SCRIPT", "berth-windows", "4711"],
    ...["state", "state", "/var/lib/berth"],
    ...["--", "/bin/berth", "run", "--", "make", ""],
  ]);
});

Deno.test("planFront() makes no state folder for who only looks, and lets nobody write into it", () => {
  const plan = planned({ looksOnly: true });
  assertEquals(plan.slice(plan.indexOf("berth-windows") + 2, plan.indexOf("--", plan.indexOf("berth-windows"))), [
    ...["optional", "state", "/var/lib/berth"],
  ]);
});

Deno.test("planFront() gives others a user namespace, in which they are root", () => {
  assertEquals(planned({ isRoot: false })[5], "--user --map-root-user --mount");
});

Deno.test("planFront() looks for the programs that the host process can't do without", () => {
  assertEquals(planned({ programs: ["busybox"] })[7], "unshare mount pivot_root setpriv findmnt stat busybox");
});

Deno.test("planFront() shows programs where they are", () => {
  const plan = planned({ shown: ["/opt/berth"] });
  assertEquals(plan.slice(plan.indexOf("here"), plan.indexOf("state")), ["here", "host", "/opt/berth"]);
});

Deno.test("planFront() names windows below the one folder, the state's first, in their order", () => {
  const windows: Window[] = [
    { mode: "ro", target: "/run/berth/self/image", source: "img" },
    { mode: "make", target: "/run/berth/self/artifacts/0", source: "/out put" },
  ];
  const plan = planned({ windows });
  const triples = plan.slice(plan.indexOf("berth-windows") + 2, plan.indexOf("--", plan.indexOf("berth-windows")));
  assertEquals(triples, [
    ...["state", "state", "/var/lib/berth"],
    ...["ro", "image", "img"],
    ...["make", "artifacts/0", "/out put"],
  ]);
});

Deno.test("planFront() lets no path be taken for an option, or for the end of the windows", () => {
  for (const source of ["-rf", "--", "--version"]) {
    const plan = planned({ windows: [{ mode: "folder", target: "/run/berth/self/workspace", source }] });
    assertEquals(plan[plan.indexOf("workspace") + 1], `./${source}`);
  }
});

Deno.test("planFront() hands a descriptor on only where there is a window for it", () => {
  const events: Window = { mode: "descriptor", target: "/run/berth/self/events", source: "12" };
  assertEquals([planned()[8], planned({ windows: [events] })[8]], ["-", "12"]);
});

Deno.test("planFront() asks systemd only where VMs are to have groups", () => {
  const cgroup: Window = { mode: "cgroup", target: "/run/berth/self/cgroup", source: "self" };
  assertEquals([planned()[6], planned({ windows: [cgroup] })[6]], ["-", "ask"]);
});

import { assertEquals } from "@std/assert";
import { planFront } from "../../lib/host/front.ts";
import { SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

Deno.test("the host process is refused everything but its windows", async () => {
  const probe = new URL("../support/window_probe.ts", import.meta.url).pathname;
  const [command, ...args] = planFront({
    self: [Deno.execPath(), "run", "-q", "--no-prompt", "--permission-set=berth", probe],
    args: [],
    stateDir: `${SCRATCH}/probe-state`,
    windows: [],
    env: {},
    isRoot: true,
  });
  const home = "/root";
  const output = await shell(`HOME=$1 && shift && export HOME && exec "$@"`, home, command, ...args);
  const seen = Object.fromEntries(output.trim().split("\n").map((line) => line.split(": ")));
  const allowed = Object.entries(seen).filter(([_, result]) => result === "allowed").map(([what]) => what);
  assertEquals(allowed, ["read /run/berth/self/host/boot_id", "write /run/berth/self/x"]);
  const refused = Object.entries(seen).filter(([_, result]) => result !== "allowed");
  assertEquals(refused.map(([_, result]) => result), refused.map(() => "NotCapable"), output);
  assertEquals(refused.length, 16);
});

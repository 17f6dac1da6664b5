import { assertEquals } from "@std/assert";
import { planFront } from "../../lib/host/front.ts";
import { SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const OPTIONS = { args: [], stateDir: `${SCRATCH}/probe-state`, windows: [], env: {}, isRoot: true };

Deno.test("the host process does not begin when its front process has ended before it was tied to that", async () => {
  const run = async (pid: number) => {
    const [command, ...args] = planFront({ ...OPTIONS, self: ["sh", "-c", "echo started"] }, pid);
    const { code, stdout } = await new Deno.Command("sh", { args: ["-c", 'exec "$@"', "sh", command, ...args] })
      .output();
    return [code, new TextDecoder().decode(stdout)];
  };
  assertEquals([await run(Deno.pid), await run(1)], [[0, "started\n"], [143, ""]]);
});

Deno.test("the host process has nothing open but the standard three, whatever its caller has", async () => {
  const self = ["sh", "-c", "for file in /proc/self/fd/*; do if [ -e $file ]; then echo ${file##*/}; fi; done"];
  const [command, ...args] = planFront({ ...OPTIONS, self }, Deno.pid);
  const open = `exec 3</etc 9</etc/shadow && exec busybox sh -c 'exec 10</etc 251</etc/shadow && exec "$@"' sh "$@"`;
  assertEquals(await shell(open, command, ...args), "0\n1\n2\n");
});

Deno.test("the host process is refused everything but its windows", async () => {
  const probe = new URL("../support/window_probe.ts", import.meta.url).pathname;
  const self = [Deno.execPath(), "run", "-q", "--no-prompt", "--permission-set=berth", probe];
  const [command, ...args] = planFront({ ...OPTIONS, self }, Deno.pid);
  const home = "/root";
  const output = await shell(`HOME=$1 && shift && export HOME && exec "$@"`, home, command, ...args);
  const seen = Object.fromEntries(output.trim().split("\n").map((line) => line.split(": ")));
  const allowed = Object.entries(seen).filter(([_, result]) => result === "allowed").map(([what]) => what);
  assertEquals(allowed, ["read /run/berth/self/host/boot_id", "write /run/berth/self/x"]);
  const refused = Object.entries(seen).filter(([_, result]) => result !== "allowed");
  assertEquals(refused.map(([_, result]) => result), refused.map(() => "NotCapable"), output);
  assertEquals(refused.length, 16);
});

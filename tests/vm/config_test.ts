import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { berth, type CallOptions, emptyFolder, SCRATCH } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Puts a configuration into an /etc of its own, in front of berth. @param variables words of env(1). */
function behind(file: string | undefined, ...variables: string[]): Pick<CallOptions, "wrapper"> {
  const script = `mount -t tmpfs config /mnt && cp -a /etc /mnt/etc && mkdir -p /mnt/etc/berth && cd /mnt/etc/berth
    rm -f config.json && ${file ?? ":"}
    cd / && mount --bind /mnt/etc /etc && umount -l /mnt && cd "$0" && exec "$@"`;
  return { wrapper: ["unshare", "-m", "sh", "-ec", script, SCRATCH, "env", ...variables] };
}

function json(value: unknown): string {
  return `printf %s '${JSON.stringify(value)}' >config.json`;
}

Deno.test("berth config show tells what counts: a variable before the file before berth's own", async () => {
  const call = behind(json({ memory: "1G", pids: 300, state: "/srv/berth" }), "BERTH_PIDS=301", "BERTH_STATE=");
  const { code, stdout, stderr } = await berth(["config", "show", "--json"], call);
  assertEquals([code, stderr], [0, ""]);
  const { memory, pids, state, jail } = JSON.parse(stdout);
  const file = "/etc/berth/config.json";
  assertEquals([memory, pids, state], [
    { value: "1G", from: file },
    { value: "301", from: "BERTH_PIDS" },
    { value: "/srv/berth", from: file },
  ]);
  assertEquals(jail, { value: null, from: "default", note: "require for root, else auto" });
  const table = await berth(["config", "show"], behind(undefined, "BERTH_PIDS=301"));
  assertEquals([table.code, table.stderr], [0, ""]);
  assertMatch(table.stdout, /^pids +301 +BERTH_PIDS$/m);
});

Deno.test("what is configured reaches the host process of each command that has the flag", async () => {
  const call = behind(json({ image: "no-such", minFree: "1048576G", cgroupParent: "/sys/fs/cgroup/no-such" }));
  const run = await berth(["run", "--limits", "off", "--", "true"], call);
  assertEquals([run.code, run.stdout], [125, ""]);
  assertStringIncludes(run.stderr, 'there is no image "no-such"');
  const build = await berth(["image", "build", "x"], call);
  assertEquals(build.code, 125);
  assertStringIncludes(build.stderr, "1048576 GiB");
  const gc = await berth(["gc"], call);
  assertEquals(gc.code, 125);
  assertStringIncludes(gc.stderr, "cgroup");
});

Deno.test("a flag replaces what is configured, and what it contradicts is left out with a word", async () => {
  const call = behind(json({ image: "no-such", memory: "200M", memoryHigh: "200M" }), "BERTH_LIMITS=auto");
  const flags = ["--image", "neither", "--memory", "300M", "--limits", "auto"];
  const { code, stderr } = await berth(["run", ...flags, "--", "true"], call);
  assertEquals(code, 125);
  assertStringIncludes(stderr, "berth: memoryHigh of /etc/berth/config.json is left out");
  assertStringIncludes(stderr, 'there is no image "neither"');
  const quiet = await berth(["run", "--quiet", ...flags, "--", "true"], call);
  assertEquals([quiet.code, quiet.stderr.includes("left out")], [125, false]);
});

Deno.test("the state folder of the file counts for all commands, and a variable counts more", async () => {
  const state = await emptyFolder("configured-state");
  const list = async (...variables: string[]) => {
    await Deno.remove(state, { recursive: true });
    const { code, stderr } = await berth(["image", "ls"], behind(json({ state }), ...variables));
    assertEquals(code, 0, stderr);
    return await Deno.stat(state).then(() => "there", () => "not there");
  };
  assertEquals(await list("BERTH_STATE="), "there");
  await Deno.mkdir(state, { recursive: true });
  assertEquals(await list(), "not there");
});

const WRONG: [what: string, file: string, words: string][] = [
  ["that is not JSON", "echo memory=1G >config.json", "/etc/berth/config.json: this is not JSON"],
  [
    "with an unknown key",
    json({ memroy: "1G" }),
    '/etc/berth/config.json: unknown key "memroy"; did you mean "memory"?',
  ],
  ["with a wrong value", json({ memory: "1X" }), '/etc/berth/config.json: memory: "1X" is not a size'],
  ["that is a folder", "mkdir config.json", "/etc/berth/config.json can't be read: Is a directory"],
  ["in a folder that is none", "cd .. && rmdir berth && : >berth", "/etc/berth/config.json can't be read"],
];
for (const [what, file, words] of WRONG) {
  Deno.test(`a configuration ${what} stops every command that would use it, and nothing is made`, async () => {
    const state = `${SCRATCH}/never-made`;
    for (const command of [["config", "show"], ["run", "--", "true"], ["gc"], ["image", "ls"]]) {
      const { code, stdout, stderr } = await berth(command, { ...behind(file), state });
      assertEquals([code, stdout], [125, ""], stderr);
      assertStringIncludes(stderr, `berth: ${words}`);
    }
    for (
      const command of [["--version"], ["--help"], ["run", "--help"], ["config", "--help"], ["image", "ls", "--help"]]
    ) {
      const { code, stderr } = await berth(command, { ...behind(file), state });
      assertEquals([code, stderr], [0, ""]);
    }
    assertEquals(await Deno.stat(state).then(() => "made", () => "not made"), "not made");
  });
}

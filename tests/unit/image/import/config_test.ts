// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { parseConfig } from "../../../../lib/image/import/config.ts";

function config(config: unknown, rest: Record<string, unknown> = {}) {
  return parseConfig(JSON.stringify({ architecture: "amd64", os: "linux", config, rootfs: {}, ...rest }), "x");
}

Deno.test("parseConfig() makes the jobs' defaults of it", () => {
  const full = {
    User: "ci:staff",
    Env: ["PATH=/opt/bin:/bin", "TEXT=a=b\nc 'd'", "EMPTY=", "NOTHING", "=x", "PATH=/bin"],
    Entrypoint: ["/entry", "-x"],
    Cmd: ["run", ""],
    WorkingDir: "/srv/a b",
  };
  assertEquals(config(full), {
    argv: ["/entry", "-x", "run", ""],
    env: { PATH: "/bin", TEXT: "a=b\nc 'd'", EMPTY: "" },
    user: "ci:staff",
    workdir: "/srv/a b",
  });
});

Deno.test("parseConfig() has no default where the image says nothing", () => {
  for (const nothing of [undefined, null, {}, { User: "", Env: null, Entrypoint: [], Cmd: null, WorkingDir: "" }]) {
    assertEquals(config(nothing), {});
  }
  assertEquals(config({ Cmd: ["sh"], WorkingDir: "srv" }), { argv: ["sh"], workdir: "/srv" });
});

for (
  const [platform, rest] of [
    ["linux/arm64", { architecture: "arm64" }],
    ["windows/amd64", { os: "windows" }],
    ["linux/386", { architecture: "386", os: "" }],
    ["windows/amd64", { architecture: null, os: "windows" }],
  ] as const
) {
  Deno.test(`parseConfig() refuses an image for ${platform} by name`, () => {
    assertThrows(() => config({}, rest), BerthError, `x: the image is for ${platform}; berth runs linux/amd64`);
  });
}

for (
  const wrong of [{ Cmd: ["a\0b"] }, { Env: ["A=\0"] }, { User: "a\nb" }, { WorkingDir: "/\0" }, { Cmd: [["a"]] }, {
    User: {},
  }, { Env: { A: "b" } }]
) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(wrong)}`, () => {
    assertEquals(assertThrows(() => config(wrong), BerthError, "x: config.").code, "image.import");
  });
}

for (const nothing of [undefined, null, ""]) {
  Deno.test(`parseConfig() takes an image whose machine is ${JSON.stringify(nothing)} for one of this machine`, () => {
    assertEquals(config({ Cmd: ["sh"] }, { os: nothing, architecture: nothing }), { argv: ["sh"] });
    assertEquals(config({ Cmd: ["sh"] }, { os: "Linux", architecture: "x86_64" }), { argv: ["sh"] });
  });
}

for (
  const [written, meant] of [
    [{ Env: [""], Entrypoint: [""], Cmd: [""] }, {}],
    [{ Env: "", Entrypoint: "", Cmd: "", User: null, WorkingDir: null }, {}],
    [{ Env: "A=b", Cmd: "sh" }, { env: { A: "b" }, argv: ["sh"] }],
    [{ Env: ["A", "B=", "=c", "__proto__=x"] }, { env: { B: "", ["__proto__"]: "x" } }],
    [{ Cmd: ["sleep", 60], User: 1000 }, { argv: ["sleep", "60"], user: "1000" }],
    [{ Cmd: ["echo", "", "a"], Entrypoint: [""] }, { argv: ["echo", "", "a"] }],
    [{ User: 0 }, { user: "0" }],
    [{ ExposedPorts: ["80"], Volumes: null, Labels: null, Healthcheck: 1, OnBuild: "x", StopSignal: 9 }, {}],
  ] as const
) {
  Deno.test(`parseConfig() understands ${JSON.stringify(written)}`, () => {
    assertEquals<unknown>(config(written), meant);
  });
}

// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import * as windows from "../../../lib/host/windows.ts";

Deno.test("every window is below the one folder that the host process may touch", () => {
  const { ROOT, artifactWindow, nodeWindow, volumeWindow, hasWindows: _, ...constants } = windows;
  const paths = [
    ...Object.values(constants),
    artifactWindow(0),
    artifactWindow(12),
    volumeWindow(0),
    volumeWindow(3),
    nodeWindow("/dev/kvm"),
  ];
  assertEquals(ROOT, "/run/berth/self");
  for (const path of paths) assert(path.startsWith(`${ROOT}/`) && !path.includes(".."), path);
  assertEquals(new Set(paths).size, paths.length, "no two windows are one");
});

Deno.test("sockets have paths short enough for the kernel, which takes 107 bytes", () => {
  for (const path of [windows.QMP_SOCKET, windows.AGENT_SOCKET]) assert(path.length <= 107, path);
});

Deno.test("hasWindows() is false in a process that was not started behind windows", () => {
  assertEquals(windows.hasWindows(), false);
});

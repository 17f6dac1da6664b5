// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { unitOf } from "../../../lib/cgroup/parent.ts";

const USER = "/user.slice/user-1000.slice/user@1000.service";

const UNITS: [path: string, unit: ReturnType<typeof unitOf>][] = [
  ["/system.slice/berth.service", { name: "berth.service", user: false }],
  ["/system.slice/berth.service/supervisor", { name: "berth.service", user: false }],
  ["/user.slice/user-1000.slice/session-3.scope", { name: "session-3.scope", user: false }],
  [USER, { name: "user@1000.service", user: false }],
  [`${USER}/init.scope`, { name: "init.scope", user: true }],
  [`${USER}/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope`, { name: "vte-spawn-1.scope", user: true }],
  [`${USER}/app.slice/a.service/b.scope`, { name: "b.scope", user: true }],
  ["/system.slice/system-getty.slice/getty@tty1.service", { name: "getty@tty1.service", user: false }],
  ["/system.slice/user@x.service/b.scope", { name: "b.scope", user: false }],
  ["/system.slice/_cpu.service", { name: "cpu.service", user: false }],
  ["/init.scope", { name: "init.scope", user: false }],
  ["/system.slice/.service", undefined],
  ["/system.slice", undefined],
  ["/docker/abc", undefined],
  ["/", undefined],
];
for (const [path, unit] of UNITS) {
  Deno.test(`unitOf() gives ${unit ? `${unit.name} (user: ${unit.user})` : "none"} for ${path}`, () => {
    assertEquals(unitOf(path), unit);
  });
}

// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import {
  escapeUnitPart,
  limitProperties,
  resetProperties,
  scopeName,
  slicePath,
  tenantSlice,
} from "../../../../lib/cgroup/systemd/properties.ts";

Deno.test("limitProperties() says every limit in systemd's words", () => {
  const ioMax = [{ device: "259:0", rbps: 1000, wbps: 2000, riops: 3, wiops: 4 }, { device: "8:16", wiops: 5 }];
  assertEquals(
    limitProperties({
      mems: "0",
      cpus: "0-1,3",
      ioMax,
      ioWeight: 200,
      cpuWeight: 50,
      cpuQuotaPercent: 150,
      pidsMax: 64,
      swapMaxBytes: 0,
      memoryHighBytes: 100,
      memoryMaxBytes: 134217728,
    }),
    [
      ...["MemoryMax=134217728", "MemoryHigh=100", "MemorySwapMax=0", "TasksMax=64"],
      ...["CPUQuota=150%", "CPUWeight=50", "IOWeight=200"],
      ...["IOReadBandwidthMax=/dev/block/259:0 1000", "IOWriteBandwidthMax=/dev/block/259:0 2000"],
      ...["IOReadIOPSMax=/dev/block/259:0 3", "IOWriteIOPSMax=/dev/block/259:0 4", "IOWriteIOPSMax=/dev/block/8:16 5"],
      ...["AllowedCPUs=0-1,3", "AllowedMemoryNodes=0"],
    ],
  );
  assertEquals(limitProperties({}), []);
});

Deno.test("limitProperties() gives a quota as systemd takes it: two decimals, at least 1 %, and nothing for none", () => {
  const quotas = [12.345, 12.5, 0.5, 1600, 0].map((cpuQuotaPercent) => limitProperties({ cpuQuotaPercent })[0]);
  assertEquals(quotas, ["CPUQuota=12.35%", "CPUQuota=12.5%", "CPUQuota=1%", "CPUQuota=1600%", "CPUQuota="]);
});

Deno.test("resetProperties() takes limits off, also those that systemd has a default for", () => {
  assertEquals(resetProperties(["memoryMaxBytes", "pidsMax", "ioMax"]), [
    ...["MemoryMax=", "TasksMax=infinity"],
    ...["IOReadBandwidthMax=", "IOWriteBandwidthMax=", "IOReadIOPSMax=", "IOWriteIOPSMax="],
  ]);
});

Deno.test("slicePath() puts a slice into those that its dashes name", () => {
  assertEquals(slicePath("berth.slice"), "berth.slice");
  assertEquals(slicePath("a-b.slice"), "a.slice/a-b.slice");
  assertEquals(slicePath("a-b\\x2dc-d.slice"), "a.slice/a-b\\x2dc.slice/a-b\\x2dc-d.slice");
  assertEquals(slicePath("-.slice"), "");
});

for (const name of ["a", "a.scope", "-a.slice", "a-.slice", "a--b.slice", ".slice", "a/b.slice", "a b.slice"]) {
  Deno.test(`slicePath() refuses "${name}"`, () => {
    assertEquals(
      assertThrows(() => slicePath(name), BerthError, `"${name}" is not the name of a slice`).code,
      "cgroup.form",
    );
  });
}

Deno.test("escapeUnitPart() escapes as systemd-escape does, but never makes a dash", () => {
  assertEquals(escapeUnitPart("acme_2.x:y"), "acme_2.x:y");
  assertEquals(escapeUnitPart("a-b"), "a\\x2db");
  assertEquals(escapeUnitPart("a/b c"), "a\\x2fb\\x20c");
  assertEquals(escapeUnitPart(".hidden"), "\\x2ehidden");
  assertEquals(escapeUnitPart("ä\\"), "\\xc3\\xa4\\x5c");
});

Deno.test("tenantSlice() is one level below, whatever the tenant is called", () => {
  assertEquals(tenantSlice("berth.slice", "acme"), "berth-acme.slice");
  assertEquals(slicePath(tenantSlice("berth.slice", "a-b/c")), "berth.slice/berth-a\\x2db\\x2fc.slice");
  assertEquals(tenantSlice("-.slice", "acme"), "acme.slice");
  assertThrows(() => tenantSlice("berth.slice", "-".repeat(62)), BerthError, "systemd takes 255");
});

Deno.test("scopeName() takes what a unit's name may have", () => {
  assertEquals(scopeName("berth", "0123456789ab"), "berth-0123456789ab.scope");
  assertEquals(scopeName("ci", "job-1"), "ci-job-1.scope");
  for (const name of ["a/b", "a b", ""]) assertThrows(() => scopeName(name && "x", name), BerthError);
  assertThrows(() => scopeName("p", "n".repeat(248)), BerthError, "256 bytes");
  assertEquals(scopeName("p", "n".repeat(247)).length, 255);
});

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planSources } from "../../../lib/image/debian.ts";

const TARGETS = [
  "http://deb.example/debian/\tbookworm\tmain",
  "http://deb.example/debian/\tbookworm\tmain",
  "http://deb.example/debian/\tbookworm\tcontrib",
  "http://deb.example/debian/\tbookworm-updates\tmain",
  "http://sec.example/debian-security/\tbookworm-security\tmain",
  "http://deb.example/debian/\ttrixie\tmain",
  "http://deb.example/debian/\tbookwormish\tmain",
  "",
].join("\n");

Deno.test("planSources() takes the suite's sources with its updates, each once, and no other suite's", () => {
  assertEquals(planSources(TARGETS, "bookworm"), [
    "deb http://deb.example/debian/ bookworm main",
    "deb http://deb.example/debian/ bookworm contrib",
    "deb http://deb.example/debian/ bookworm-updates main",
    "deb http://sec.example/debian-security/ bookworm-security main",
  ]);
});

Deno.test("planSources() has nothing for a suite that the host does not know", () => {
  assertEquals(planSources(TARGETS, "sid"), []);
  assertEquals(planSources("", "bookworm"), []);
});

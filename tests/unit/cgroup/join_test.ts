// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { ERRORS } from "../../../lib/base/errors.ts";
import { errnoInWords, joinRefusal } from "../../../lib/cgroup/join.ts";

/** What busybox 1.35 and dash say, with their own beginnings. */
const WORDS = [
  ["berth-launch: line 0: can't create /x/cgroup.procs: Permission denied", "EACCES"],
  ["sh: write error: Permission denied", "EACCES"],
  ["sh: write error: Operation not permitted", "EPERM"],
  ["berth-join: line 0: can't create /x/cgroup.procs: Read-only file system", "EROFS"],
  ["berth-launch: line 0: can't create /x/cgroup.procs: nonexistent directory", "ENOENT"],
  ["sh: 1: cannot create /x/cgroup.procs: Directory nonexistent", "ENOENT"],
  ["sh: write error: No such device", "ENODEV"],
  ["sh: write error: Device or resource busy", "EBUSY"],
  ["berth-launch: line 0: can't fork: Resource temporarily unavailable", "EAGAIN"],
  ["sh: write error: Operation not supported", "EOPNOTSUPP"],
  ["it said nothing of the kind", "unknown"],
] as const;
for (const [words, errno] of WORDS) {
  Deno.test(`errnoInWords() reads ${errno} in ${JSON.stringify(words)}`, () => {
    assertEquals(errnoInWords(words), errno);
  });
}

Deno.test("joinRefusal() has a remedy for each, and never one for another trouble", () => {
  for (const errno of ["EACCES", "EPERM", "ENOENT", "EBUSY", "EAGAIN", "unknown"] as const) {
    const { code, hint, message } = joinRefusal(errno, "/ci");
    assertEquals([code, hint, message.startsWith(`no process can join /ci: ${errno}`)], [
      ...["cgroup.denied", ERRORS["cgroup.denied"], true],
    ]);
  }
  assertEquals(joinRefusal("EROFS", "/ci").code, "cgroup.read-only");
});

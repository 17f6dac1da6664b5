// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  BerthError,
  describeError,
  ERRORS,
  translateDiskFull,
  translateRefusedWrite,
} from "../../../lib/base/errors.ts";

Deno.test("ERRORS has a hint for every code, and codes are area.reason", () => {
  assert(Object.keys(ERRORS).length > 20);
  for (const [code, hint] of Object.entries(ERRORS)) {
    assertMatch(code, /^[a-z]+\.[a-z][a-z0-9-]+$/);
    assert(hint.length > 10, code);
  }
});

Deno.test("BerthError carries its code, its hint and its cause", () => {
  const cause = new Error("why");
  const error = new BerthError("host.kvm", "KVM does not work", { cause });
  assertEquals([error.name, error.message, error.code], ["BerthError", "KVM does not work", "host.kvm"]);
  assertEquals(error.hint, ERRORS["host.kvm"]);
  assert(error.cause === cause);
});

Deno.test("describeError() tells the work's error first, then the cleanup's, however deep", () => {
  const both = new SuppressedError(new Error("cleanup"), new Error("work"));
  assertEquals(describeError(both), "work; then cleanup");
  assertEquals(describeError(new SuppressedError(new Error("last"), both)), "work; then cleanup; then last");
});

Deno.test("describeError() joins several errors, and takes anything that can be thrown", () => {
  assertEquals(describeError(new AggregateError([new Error("a"), "b"])), "a; b");
  assertEquals([describeError(undefined), describeError(404), describeError("x")], ["undefined", "404", "x"]);
});

Deno.test("translateDiskFull() translates ENOSPC and nothing else", () => {
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  const translated = translateDiskFull(full, "image x");
  assert(translated instanceof BerthError);
  assertEquals([translated.code, translated.message], ["host.disk-full", "image x: no space left on the disk"]);
  assert(translated.cause === full);
  const other = Object.assign(new Error("busy"), { code: "EBUSY" });
  assert(translateDiskFull(other, "x") === other);
  assertEquals(translateDiskFull("ENOSPC", "x"), "ENOSPC");
});

Deno.test("translateRefusedWrite() translates EROFS and ENOSPC, and nothing else", () => {
  const codeOf = (code: string) => {
    const error = Object.assign(new Error(code), { code });
    const translated = translateRefusedWrite(error, "the folder");
    return translated === error ? "as it was" : (translated as BerthError).code;
  };
  assertEquals(["EROFS", "ENOSPC", "EACCES"].map(codeOf), ["host.read-only", "host.disk-full", "as it was"]);
});

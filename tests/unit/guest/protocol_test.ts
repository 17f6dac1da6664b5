// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { encodeText } from "../../support/agent_text.ts";
import { printable } from "../../../lib/base/bytes_text.ts";
import { type AgentMessage, parseHello, parseMessage, parseReady, whoLine } from "../../../lib/guest/protocol.ts";

const TOKEN = "0123456789abcdefghjkmnpqrs";

Deno.test("parseHello() reads a token and a role", () => {
  assertEquals(parseHello(`hello ${TOKEN} agent`), { token: TOKEN, role: "agent" });
  assertEquals(parseHello(`hello ${TOKEN} stdin`), { token: TOKEN, role: "stdin" });
});

const NO_HELLO = [
  ...["", "hello", `hello ${TOKEN}`, `hello ${TOKEN} root`, `hello ${TOKEN}x agent`, `hello ${TOKEN.slice(1)} agent`],
  ...[`hello  ${TOKEN} agent`, `hello ${TOKEN} agent `, `hello ${TOKEN} agent\r`, ` hello ${TOKEN} agent`],
  ...[`HELLO ${TOKEN} agent`, `hello ${TOKEN.toUpperCase()} agent`, `hello ${TOKEN} agent\nx`, "GET / HTTP/1.1\r"],
];
for (const line of NO_HELLO) {
  Deno.test(`parseHello() does not take ${JSON.stringify(line)} for one`, () =>
    assertEquals(parseHello(line), undefined));
}

Deno.test("parseReady() reads a nonce, and whether the guest's state is none for others", () => {
  assertEquals(parseReady(`ready ${TOKEN}`), { nonce: TOKEN, isUnfit: false });
  assertEquals(parseReady(`ready ${TOKEN} unfit`), { nonce: TOKEN, isUnfit: true });
});

const NOT_READY = [
  ...["", "ready", "ready ", `ready ${TOKEN} `, `ready ${TOKEN} fit`, `ready ${TOKEN} unfit x`, `ready  ${TOKEN}`],
  ...[`ready ${TOKEN}unfit`, `ready ${TOKEN}  unfit`, `ready ${TOKEN}x`, `ready ${TOKEN.slice(1)}`, `ready ${TOKEN}\r`],
  ...[`READY ${TOKEN}`, ` ready ${TOKEN}`, `ready ${TOKEN.toUpperCase()}`, `ready ${TOKEN}\nx`, `hello ${TOKEN} agent`],
];
for (const line of NOT_READY) {
  Deno.test(`parseReady() does not take ${JSON.stringify(line)} for ready`, () =>
    assertEquals(parseReady(line), undefined));
}

Deno.test("whoLine() is one line, with the nonce", () => assertEquals(whoLine(TOKEN), `who ${TOKEN}\n`));

const MESSAGES: [string, AgentMessage][] = [
  ["started", { kind: "started" }],
  ["collected", { kind: "collected" }],
  ["exited code 0 0", { kind: "exited", code: 0, oomKills: 0 }],
  ["exited code 255 3", { kind: "exited", code: 255, oomKills: 3 }],
  ["exited signal 9 1", { kind: "exited", signal: 9, oomKills: 1 }],
  ["exited signal 64 999999999", { kind: "exited", signal: 64, oomKills: 999_999_999 }],
  ["refused 125", { kind: "refused", status: 125 }],
  ["refused 126", { kind: "refused", status: 126 }],
  ["refused 127", { kind: "refused", status: 127 }],
  [`refused 126 ${encodeText("needs /bin/x\r")}`, { kind: "refused", status: 126, why: "needs /bin/x\\x0d" }],
  ["left dGFyOiAwL+k6IHNvY2tldCBpZ25vcmVk", { kind: "left", text: "tar: 0/\\xe9: socket ignored" }],
  ["missing 0", { kind: "missing", index: 0 }],
  ["missing 999", { kind: "missing", index: 999 }],
  [`error ${encodeText("no such user")}`, { kind: "error", text: "no such user" }],
  [`error ${encodeText("a\x1b[2Jb\n")}`, { kind: "error", text: "a\\x1b[2Jb\\x0a" }],
  ["error ", { kind: "error", text: "" }],
];
for (const [line, message] of MESSAGES) {
  Deno.test(`parseMessage() reads "${line}"`, () => assertEquals(parseMessage(line), message));
}

const WRONG = [
  ...["", " ", "start", "started ", "started now", "STARTED", "collected\r", "exited", "exited 0", "exited code"],
  ...["exited code 0", "exited code 256 0", "exited code -1 0", "exited code 1e2 0", "exited code 0 0 0"],
  ...["exited signal 65 0", "exited signal 9", "exited core 1 0", "exited  code 0 0", "exited code 0 1234567890"],
  ...[
    "refused",
    "refused 1",
    "refused 128",
    "refused 127 ",
    "refused 126 !",
    "refused 126 QQ== QQ==",
    "missing",
    "missing -1",
    "missing 1000",
    "missing 0x1",
  ],
  ...["error =", "error !!!", `hello ${TOKEN} agent`, "exited code ٣ 0"],
];
for (const line of WRONG) {
  Deno.test(`parseMessage() refuses ${JSON.stringify(line)}`, () => {
    assertEquals(assertThrows(() => parseMessage(line), BerthError, "the guest's agent said").code, "guest.protocol");
  });
}

Deno.test("parseMessage() quotes a bad line short, and without its control characters", () => {
  const error = assertThrows(() => parseMessage("\x1b]0;owned\x07" + "x".repeat(5000)), BerthError);
  assertEquals(error.message.includes("\x1b"), false);
  assertEquals(error.message.includes("\\x1b]0;owned\\x07xxx"), true);
  assertEquals(error.message.length < 150, true);
});

Deno.test("printable() lets no control character through, and everything else as it is", () => {
  for (let code = 0; code < 0x120; code++) {
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const hex = code.toString(16).padStart(2, "0");
    assertEquals(printable(String.fromCharCode(code)), isControl ? `\\x${hex}` : String.fromCharCode(code));
  }
  assertEquals(printable("日本語 🚀"), "日本語 🚀");
});

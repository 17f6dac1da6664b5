/**
 * Names of files as the kernel has them: bytes, whatever they are. Text of one character for each byte compares, cuts and
 * joins like any other, and loses nothing. Pure.
 *
 * @module
 */

/** As many arguments as a call surely takes. */
const PIECE = 8192;

/** Bytes → one character (U+0000 to U+00FF) for each. */
export function bytesToText(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += PIECE) {
    text += String.fromCharCode(...bytes.subarray(start, start + PIECE));
  }
  return text;
}

/** Bytes of a text that {@linkcode bytesToText} has made. */
export function textToBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** Byte text (as {@linkcode bytesToText} makes it) of a string's UTF-8. */
export function toByteText(text: string): string {
  return bytesToText(new TextEncoder().encode(text));
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Byte text for people: as UTF-8, and where it is none, with the bytes that are not ASCII as `\xe9`. */
export function readable(text: string): string {
  try {
    return UTF8.decode(textToBytes(text));
  } catch {
    return text.replaceAll(/[\x80-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  }
}

/** True for a byte text that is UTF-8, as paths are that Deno can open. */
export function isUtf8(text: string): boolean {
  try {
    UTF8.decode(textToBytes(text));
    return true;
  } catch {
    return false;
  }
}

/** Somebody else's text without its control characters, for a terminal. */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

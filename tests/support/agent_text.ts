/**
 * Text as the agent puts it into a line.
 *
 * @module
 */

/** Base64 of its UTF-8. */
export function encodeText(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/**
 * The end of a job's input that is in its guest.
 *
 * @module
 */

import { Caller } from "../socket.ts";

/** Dials in as a guest does for its job's input, and reads all of it. It is to be whole lines, in ASCII. */
export async function readInput(socket: string, token: string): Promise<string> {
  using caller = await Caller.dial(socket);
  await caller.send(`hello ${token} stdin\n`);
  let input = "";
  // The length of each chunk is in front of it, and that of the end is 0.
  while (true) {
    const length = Number(await caller.line() ?? 0);
    if (length === 0) return input;
    for (const end = input.length + length; input.length < end;) input += `${await caller.line() ?? ""}\n`;
  }
}

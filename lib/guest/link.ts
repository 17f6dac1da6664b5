/**
 * The port between one VM's guest and its host: connections that the guest makes, and files that it appends to.
 *
 * @module
 */

import type { GuestConnection, Hub } from "./hub.ts";
import type { Ready } from "./protocol.ts";

/** A stream of the guest's: it ends up in a file of the host, which nobody but the VMM appends to. */
export interface GuestStream {
  /** Open since before there was a VM: whoever is at the path by now may be another one. */
  readonly file: Deno.FsFile;
  readonly path: string;
}

/** The two streams of a lane. */
export interface GuestOutput {
  readonly stdout: GuestStream;
  readonly stderr: GuestStream;
}

/** What one guest is reached by. */
export interface GuestLink {
  /** The guest with that nonce, when it is ready to be asked who it is. Wait with a deadline. */
  ready(nonce: string): Promise<Ready>;
  /** Asks it, until it is disposed. */
  ask(nonce: string): Disposable;
  /** The next connection of its agent. Whoever takes it owns it; wait with a deadline. */
  agent(): Promise<GuestConnection>;
  /** The connection that its standard input goes by; the same holds. */
  stdin(): Promise<GuestConnection>;
  /** Takes these expectations back: who dials in from now on is a stranger. */
  forget(): void;
  /** Of each lane: as many commands can run at once. */
  readonly outputs: readonly GuestOutput[];
  readonly artifacts: GuestStream;
}

/** The link of a guest that proves itself by its token, at the socket where all of them dial in. */
export function linkByToken(
  hub: Pick<Hub, "ready" | "ask" | "expect" | "forget">,
  token: string,
  { outputs, artifacts }: Pick<GuestLink, "outputs" | "artifacts">,
): GuestLink {
  const nonces: string[] = [];
  return {
    ready: (nonce) => {
      nonces.push(nonce);
      return hub.ready(nonce);
    },
    ask: (nonce) => hub.ask(nonce),
    agent: () => hub.expect(token, "agent"),
    stdin: () => hub.expect(token, "stdin"),
    forget: () => [token, ...nonces.splice(0)].forEach((one) => hub.forget(one)),
    ...{ outputs, artifacts },
  };
}

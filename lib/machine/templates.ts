/**
 * The port to saved states of booted guests: where a machine finds one that its VM can go on from, and keeps that of its
 * own VM for others.
 *
 * @module
 */

/** A saved state. */
export interface Template {
  /** Its file. */
  readonly path: string;
  /** What the guest is asked by who it is; see the hub. */
  readonly nonce: string;
}

/** A state that is being written. Disposing removes it, unless it is finished. */
export interface UnfinishedTemplate extends AsyncDisposable {
  write(piece: Uint8Array): Promise<void>;
  /** Gives it to others. */
  commit(nonce: string): Promise<unknown>;
}

/** The states of VMs of one shape, that of a machine's plan. `why` is for people. */
export interface Templates {
  open(): Promise<{ readonly template?: Template; readonly why?: string }>;
  begin(): Promise<{ readonly unfinished?: UnfinishedTemplate; readonly why?: string }>;
  /** Told when a VM did not come up from the one that was opened. @returns whether nobody is to try it again. */
  blame(why: string): Promise<boolean>;
}

/**
 * Saved states of VMs, of which a test says what becomes of them.
 *
 * @module
 */

import type { Template, Templates, UnfinishedTemplate } from "../../../lib/machine/templates.ts";

/** What there is, and what goes wrong. */
export interface TemplatesPlan {
  readonly template?: Template;
  /** Why there is none. */
  readonly why?: string;
  /** Why none can be kept. */
  readonly full?: string;
  /** What a write, or the last step, throws. */
  readonly writes?: Error;
  readonly commits?: Error;
  /** What to blame one throws. */
  readonly blames?: Error;
  /** Who is blamed once is used no more. */
  readonly isLastTry?: boolean;
}

/** A template that is there. */
export const TEMPLATE: Template = { path: "/templates/k.state", nonce: "t0123456789abcdefghjkmnpqr" };

/** The port, without a disk. */
export class FakeTemplates implements Templates {
  readonly #plan: TemplatesPlan;
  /** What was kept for others. */
  readonly kept: { readonly state: string; readonly nonce: string }[] = [];
  readonly blamed: string[] = [];
  /** How often it was asked for one, and for a place for one. */
  opened = 0;
  begun = 0;
  /** States that are being written. */
  unfinished = 0;

  constructor(plan: TemplatesPlan = {}) {
    this.#plan = plan;
  }

  open(): ReturnType<Templates["open"]> {
    this.opened++;
    const { template, why } = this.#plan;
    return Promise.resolve({ template, why });
  }

  begin(): ReturnType<Templates["begin"]> {
    this.begun++;
    const { full, writes, commits } = this.#plan;
    if (full !== undefined) return Promise.resolve({ why: full });
    this.unfinished++;
    let state = "";
    const unfinished: UnfinishedTemplate = {
      write: (piece) => {
        state += new TextDecoder().decode(piece);
        return writes ? Promise.reject(writes) : Promise.resolve();
      },
      commit: (nonce) => commits ? Promise.reject(commits) : Promise.resolve(this.kept.push({ state, nonce })),
      [Symbol.asyncDispose]: () => Promise.resolve(void this.unfinished--),
    };
    return Promise.resolve({ unfinished });
  }

  blame(why: string): Promise<boolean> {
    this.blamed.push(why);
    if (this.#plan.blames) return Promise.reject(this.#plan.blames);
    return Promise.resolve(this.#plan.isLastTry === true);
  }
}

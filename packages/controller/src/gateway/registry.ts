// Owns which connections there are, and which session speaks for a node.
// I1: at most one session per node; who takes over ends the other first.
// I2: every connection with a verified certificate is here from its first moment, so that revoking finds it.

import type { AgentSession } from './session.ts';

/** Something that lives as long as its certificate is good. */
export interface Bearer {
  readonly serials: ReadonlySet<string>;
  close(reason: string): void;
}

export class SessionRegistry {
  private readonly nodes = new Map<string, AgentSession>();
  private readonly bearers = new Set<Bearer>();

  track(bearer: Bearer): void {
    this.bearers.add(bearer);
  }

  forget(bearer: Bearer): void {
    this.bearers.delete(bearer);
  }

  /** The accepted session of a node; its welcome may still be under way. */
  get(node: string): AgentSession | undefined {
    return this.nodes.get(node);
  }

  sessions(): IterableIterator<AgentSession> {
    return this.nodes.values();
  }

  count(): number {
    return this.nodes.size;
  }

  set(session: AgentSession): void {
    this.nodes.set(session.peer.node, session);
  }

  /** True when the session was the one that spoke for its node. */
  remove(session: AgentSession): boolean {
    if (this.nodes.get(session.peer.node) !== session) return false;
    return this.nodes.delete(session.peer.node);
  }

  revoke(serials: readonly string[]): void {
    for (const bearer of [...this.bearers]) {
      if (serials.some((serial) => bearer.serials.has(serial))) bearer.close('its certificate was revoked');
    }
  }

  closeAll(reason: string): void {
    for (const bearer of [...this.bearers]) bearer.close(reason);
  }
}

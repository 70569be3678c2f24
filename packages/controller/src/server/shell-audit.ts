// Owns the rows of shells in the audit trail: refused, opened (before the node is asked for anything) and closed.
import type { IncomingMessage } from 'node:http';
import { type AuditEntry, toStatus } from '@drover/api';
import { redactArgv } from '../auth/audit/redact.ts';
import { auditedAs, type Identity } from '../auth/identity.ts';
import type { PolicyNote } from '../auth/policy/verdict.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { ShellRequest } from '../platform/shell.ts';
import type { Store } from '../store/store.ts';
import type { Forwarder } from './forward.ts';
import type { StrangerRows } from './stranger-rows.ts';

export interface ShellAudit {
  /** Never throws: who is refused is refused, whatever becomes of the row. */
  refused(error: unknown): Promise<void>;
  /** Throws when the row cannot be written: then there is no shell. */
  opened(recording: string): Promise<void>;
  closed(recording: string, ending: { readonly exit: number; readonly reason: string }): Promise<void>;
  /** Known as soon as they are. */
  identity?: Identity;
  wish?: ShellRequest;
  /** What a run policy wants noted. */
  note?: string;
  /** What policies say. */
  policyNote?: PolicyNote;
}

const maxReason = 1_000;

interface Deps {
  readonly store: Pick<Store, 'audit'>;
  readonly clock: Clock;
  readonly strangers: StrangerRows;
  readonly forwarder: Pick<Forwarder, 'origin'>;
}

/** The rows of one request for a shell. */
export const auditShell = (
  { store, clock, strangers, forwarder }: Deps,
  request: IncomingMessage,
): ShellAudit => {
  const requestId = newId();
  const { method = '', url = '', headers } = request;
  const address = forwarder.origin({ method, url, headers }) ?? request.socket.remoteAddress ?? '';
  const entry = (verb: string, rest: Pick<AuditEntry, 'decision'> & Partial<AuditEntry>): AuditEntry => ({
    time: new Date(clock.nowMs()).toISOString(),
    requestId,
    ...auditedAs(shell.identity ?? null),
    verb,
    resource: 'nodes',
    subresource: 'shell',
    ...(shell.wish === undefined ? {} : { name: shell.wish.node, argv: redactArgv(shell.wish.argv) }),
    address,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 300).replace(/[^\x20-\x7e]/g, '?'),
    ...(Object.keys(shell.policyNote?.annotations ?? {}).length === 0
      ? {}
      : { annotations: shell.policyNote?.annotations ?? {} }),
    ...rest,
  });
  const shell: ShellAudit = {
    refused: async (error) => {
      if (shell.identity === undefined && strangers.take(address) === undefined) return;
      const { code, reason = '', message = '' } = toStatus(error);
      const isByPolicy = shell.policyNote?.denial !== undefined;
      const isDenied = code === 401 || code === 403 || code === 429 || isByPolicy;
      const why =
        code === 401 || code === 403 || isByPolicy ? `${reason}: ${message}`.slice(0, maxReason) : reason;
      const decision = isDenied ? 'deny' : 'allow';
      await store.audit.append(entry('create', { decision, code, reason: why })).catch(() => undefined);
    },
    opened: async (recording) => {
      const as = shell.wish?.user ?? '';
      const words = [as === '' ? '' : `as user ${as}`, shell.note ?? ''].filter((one) => one !== '');
      const reason = words.length === 0 ? {} : { reason: words.join('; ') };
      await store.audit.append(entry('create', { decision: 'allow', code: 101, recording, ...reason }));
    },
    closed: (recording, { exit, reason }) =>
      store.audit.append(
        entry('close', {
          decision: 'allow',
          ...(recording === '' ? {} : { recording }),
          reason: reason === '' ? `exit ${exit}` : `exit ${exit}: ${reason.slice(0, 300)}`,
        }),
      ),
  };
  return shell;
};

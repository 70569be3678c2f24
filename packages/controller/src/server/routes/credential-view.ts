// Owns what is shown of a session, token or client certificate. I1: never a secret or its hash.
import { toTimestamp } from '../../platform/clock.ts';
import type { CredentialRow } from '../../store/store.ts';

const timeOf = (ms: number): string | null => (ms === 0 ? null : toTimestamp(ms));

/** Times are RFC 3339; null: never. */
export const toCredentialView = (row: CredentialRow, currentId: string) => {
  const { method, address, agent, rules, namespaces, groups } = row.details;
  return {
    id: row.id,
    description: row.description,
    createdAt: timeOf(row.createdAtMs),
    expiresAt: timeOf(row.expiresAtMs),
    lastUsedAt: timeOf(row.lastUsedMs),
    current: row.id === currentId,
    ...(method === undefined ? {} : { method }),
    ...(address === undefined ? {} : { address }),
    ...(agent === undefined ? {} : { agent }),
    ...(rules === undefined ? {} : { rules }),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(groups === undefined ? {} : { groups }),
  };
};

export type CredentialView = ReturnType<typeof toCredentialView>;

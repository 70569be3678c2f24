// Owns what may still be written while the disk is full, out of the room that the reserve has left.
// I1: what makes room, or is needed so that somebody can make some: deletions, signing in, how long things are kept, that
//     agents come and go (rows that are only changed), and who was refused.
// I2: nothing else: it would take the room that deletions need.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEntry } from '@drover/api';
import type { EncodedWrite } from '../sql/objects.ts';
import type { WriteOperations } from '../sql/operations.ts';

type Operation = keyof WriteOperations;

const freeing: ReadonlySet<Operation> = new Set<Operation>([
  'agents.connected',
  'agents.disconnected',
  'agents.disconnectAll',
  'agents.remove',
  'audit.trim',
  'blobs.forget',
  'blobs.remove',
  'credentials.remove',
  'credentials.removeExpired',
  'credentials.revoke',
  'credentials.take',
  'factors.advance',
  'factors.removeAll',
  'factors.removeTries',
  'factors.saveTry',
  'factors.take',
  'meta.replace',
  'meta.set',
  'objects.compact',
  'output.removeSome',
  'tasks.remove',
]);

/** Called of the writer, and they write nothing. */
const readings: ReadonlySet<Operation> = new Set<Operation>(['sealed.counts', 'sealed.factorStarts']);

export const isReading = (operation: Operation): boolean => readings.has(operation);

const outside = new AsyncLocalStorage<true>();

/** What `work` writes may take from the reserve: what tells of the disk itself. */
export const outOfReserve = <T>(work: () => Promise<T>): Promise<T> => outside.run(true, work);

/** A deletion, a step towards one (finalizers), how long things are kept, or that a person has signed in. */
const isFreeing = ({ type, json, resource }: EncodedWrite): boolean =>
  type === 'deleted' ||
  (type === 'updated' && resource === 'users.drover.dev') ||
  resource === 'retentionpolicies.drover.dev' ||
  (type === 'updated' && json.includes('"deletionTimestamp":"'));

/** Of the refusals that the full disk brings there is no row: they would fill it. */
const isToBeKnown = ({ code }: AuditEntry): boolean => code !== 507 && code !== 503;

/** The arguments are those of the operation (channel.ts). */
export const mayUseReserve = (operation: Operation, argument: unknown): boolean => {
  if (freeing.has(operation) || outside.getStore() === true) return true;
  switch (operation) {
    case 'objects.write':
      return (argument as readonly EncodedWrite[]).every(isFreeing);
    case 'audit.append':
      return isToBeKnown(argument as AuditEntry);
    case 'credentials.add':
      return (argument as { readonly kind: string }).kind !== 'token';
    default:
      return false;
  }
};

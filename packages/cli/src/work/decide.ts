// Owns deciding about a run or transfer that a run policy asks about.
import type { Client, Work, WorkReference } from '@drover/client';

/** Whether it waits for somebody to approve it before it begins. */
export const waitsForPeople = ({ status }: Work): boolean =>
  status?.phase === 'Pending' && status.approval !== undefined;

/** The server writes down who has decided, and refuses whoever asked for the work. */
export const decide = async (
  client: Client,
  { kind, name, namespace }: WorkReference,
  type: 'Approved' | 'Denied',
  message: string | undefined,
): Promise<void> => {
  const condition = { type, status: 'True', ...(message === undefined ? {} : { message }) };
  const body = { status: { conditions: [condition] } };
  await client.patch(kind, name, { type: 'merge', body }, { namespace, subresource: 'approval' });
};

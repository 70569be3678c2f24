// Owns repeating a run or transfer on the nodes where it did not end well.
import type { Client, Task, Work, WorkReference } from '@drover/client';
import { planRetry } from '@drover/client/retry';
import { usageFailure } from '../failure.ts';
import type { Send } from './send.ts';

/** The new work, or undefined when there is nothing to repeat. */
export const retryWork = async (
  client: Client,
  reference: WorkReference,
  send: Send,
): Promise<Work | undefined> => {
  const { kind, name, namespace } = reference;
  const work = await client.get<Work>(kind, name, { namespace });
  const tasks: Task[] = [];
  for await (const task of client.allResults(reference)) tasks.push(task);
  const retry = planRetry(work, tasks);
  if (retry.kind === 'live')
    throw usageFailure(`cannot repeat ${name}: it is still going on`, 'cancel it first, or wait');
  return retry.kind === 'none' ? undefined : send.create(client, kind, retry.object);
};

// Owns repeating a run or transfer on the nodes where it did not end well.
import { foldNodeSet } from '@drover/api/node-set';
import type { Client, Work, WorkReference } from '@drover/client';
import { usageFailure } from '../failure.ts';
import { isLive, isSuccess } from './rows.ts';
import type { Send } from './send.ts';

/** The new work, or undefined when there is nothing to repeat. */
export const retryWork = async (
  client: Client,
  reference: WorkReference,
  send: Send,
): Promise<Work | undefined> => {
  const { kind, name, namespace } = reference;
  const work = await client.get<Work>(kind, name, { namespace });
  const failed: string[] = [];
  for await (const task of client.allResults(reference)) {
    if (isLive(task.state))
      throw usageFailure(`cannot repeat ${name}: it is still going on`, 'cancel it first, or wait');
    if (!isSuccess(task)) failed.push(task.node);
  }
  if (failed.length === 0) return undefined;
  const { approvedBatches: _, ...strategy } = work.spec.strategy;
  const stem = name.replace(/-retry-.*$/, '').slice(0, 40);
  // What was signed is good for one task of a node: who repeats it signs anew.
  const { signed: __, ...wish } = work.spec;
  const spec = {
    ...wish,
    strategy,
    cancel: false,
    retryOf: name,
    targets: { nodeSet: foldNodeSet(failed) },
  };
  const metadata = { namespace, generateName: `${stem}-retry-` };
  const object = { apiVersion: work.apiVersion, kind: work.kind, metadata, spec };
  return send.create(client, kind, object);
};

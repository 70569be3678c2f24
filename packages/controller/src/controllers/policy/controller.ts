// Owns the loop that tells, in the status of each policy, which of its expressions cannot be right for the kinds that it
// matches. Nothing is enforced here (auth/policy): a policy counts before anybody has looked at it.
// I1: a policy is looked at again when it changes, and when a kind that users defined does.
import { setImmediate } from 'node:timers/promises';
import {
  ApiError,
  asPolicy,
  customResourceDefinitionKind,
  validatingAdmissionPolicyKind as kind,
  loadedPolicies,
  loadPolicies,
} from '@drover/api';
import { createKeyedQueue } from '../../platform/keyed-queue.ts';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';
import { withTypeChecking } from './status.ts';

export interface PolicyController {
  close(): Promise<void>;
}

const width = 1;

const isGone = (error: unknown): boolean => error instanceof ApiError && error.reason === 'NotFound';

export const runPolicyController = (deps: {
  readonly resources: Resources;
  readonly log: Log;
}): PolicyController => {
  const { resources, log } = deps;
  const stop = new AbortController();

  const step = async (name: string): Promise<void> => {
    await loadPolicies();
    const check = loadedPolicies()?.checkTypes;
    if (check === undefined) throw new Error('cannot check policies: they have not been loaded');
    const found = resources.find(kind, '', name);
    if (found === undefined) return;
    const { generation = 0 } = found.metadata;
    const warnings = await check(asPolicy(found), resources.kinds, () => setImmediate());
    await resources
      .modify(kind, '', name, (object) => withTypeChecking(object, { generation, warnings }), {
        subresource: 'status',
      })
      .catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  };

  const queue = createKeyedQueue({
    step,
    width,
    log,
    onError: 'cannot check the types of a policy: trying again',
  });
  const follow = { ...deps, signal: stop.signal };
  const following = [
    followKind(follow, kind, ({ type, object }) => {
      if (type !== 'DELETED') queue.add(object.metadata.name ?? '');
    }),
    // I1.
    followKind(follow, customResourceDefinitionKind, () => {
      for (const { metadata } of resources.list(kind).items) queue.add(metadata.name ?? '');
    }),
  ];
  return {
    close: async () => {
      stop.abort();
      await Promise.all([...following, queue.close()]);
    },
  };
};

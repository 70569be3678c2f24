// Owns that there is a RetentionPolicy.
// I1: it is made at a start that finds none, with the numbers that the controller was started with; one that is there
//     holds, whatever those are.
// I2: when it is deleted, it is made anew with the defaults.
// I3: one of an earlier version is given what it does not say, so that everybody is told all that holds.
import {
  ApiError,
  isEqualJson,
  type KubeObject,
  type RetentionPolicy,
  type RetentionSpec,
  retentionIn,
  retentionPolicyKind,
  retentionPolicyName,
} from '@drover/api';
import type { Log } from '../../platform/log.ts';
import { followKind } from '../../resources/follow.ts';
import type { Resources } from '../../resources/resources.ts';

export interface RetentionDeps {
  readonly resources: Resources;
  readonly log: Log;
}

type Wish = { readonly [K in keyof RetentionSpec]?: Partial<RetentionSpec[K]> };

/** I3. */
const complete = async (resources: Resources): Promise<void> => {
  const spec = retentionIn(resources);
  const change = (object: KubeObject): KubeObject | undefined =>
    isEqualJson(object['spec'], spec) ? undefined : { ...object, spec };
  await resources.modify(retentionPolicyKind, '', retentionPolicyName, change);
};

const ensure = async ({ resources, log }: RetentionDeps, spec: Wish): Promise<void> => {
  if (resources.find(retentionPolicyKind, '', retentionPolicyName) !== undefined) return complete(resources);
  const object = { metadata: { name: retentionPolicyName }, spec };
  await resources.create(retentionPolicyKind, '', object).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
  });
  log.info({ name: retentionPolicyName }, 'the RetentionPolicy was made');
};

export interface RetentionKeeper {
  close(): Promise<void>;
}

/** Resolves when there is one; `onChange` is called whenever it says something else. */
export const keepRetentionPolicy = async (
  deps: RetentionDeps & { readonly initial: Wish; readonly onChange: () => void },
): Promise<RetentionKeeper> => {
  await ensure(deps, deps.initial);
  const stop = new AbortController();
  let known = retentionIn(deps.resources);
  const following = followKind(
    { ...deps, signal: stop.signal },
    retentionPolicyKind,
    async ({ type, object }) => {
      if (type === 'DELETED') return ensure(deps, {});
      // Stored objects have been validated by the schema of their kind.
      const { spec } = object as unknown as RetentionPolicy;
      if (isEqualJson(spec, known)) return;
      known = spec;
      deps.onChange();
    },
    // What was deleted during a break of the watch is not told (I2).
    () => ensure(deps, {}),
  );
  return {
    close: async () => {
      stop.abort();
      await following;
    },
  };
};

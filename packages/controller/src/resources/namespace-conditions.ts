// Owns what a namespace that is being deleted says in its status (pure). Types, reasons and words are those of Kubernetes'
// namespace controller (pkg/controller/namespace/deletion/status_condition_utils.go), since people and programs read them.
import { isPlainObject, type KubeObject, resourceKey } from '@drover/api';
import type { Content } from './namespace-contents.ts';

interface Said {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** 'configmaps. has 2 resource instances, leases.coordination.k8s.io has 1 resource instances' */
export const tellContents = (contents: readonly Content[]): string => {
  const counts = Map.groupBy(contents, ({ kind }) =>
    kind.group === '' ? `${kind.plural}.` : resourceKey(kind),
  );
  return [...counts]
    .map(([resource, { length }]) => `${resource} has ${length} resource instances`)
    .join(', ');
};

const tellFinalizers = (contents: readonly Content[]): string => {
  const names = contents.flatMap(({ object }) => object.metadata.finalizers ?? []);
  const counts = Map.groupBy(names.sort(), (name) => name);
  return [...counts].map(([name, { length }]) => `${name} in ${length} resource instances`).join(', ');
};

const say = (contents: readonly Content[]): readonly Said[] => {
  const held = tellFinalizers(contents);
  return [
    contents.length > 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${tellContents(contents)}`,
        }
      : {
          type: 'NamespaceContentRemaining',
          status: 'False',
          reason: 'ContentRemoved',
          message: 'All content successfully removed',
        },
    held === ''
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${held}`,
        },
  ];
};

/** The namespace with its conditions brought up to date; undefined when they are. Others' conditions stay. */
export const withConditions = (
  object: KubeObject,
  contents: readonly Content[],
  now: string,
): KubeObject | undefined => {
  const status = isPlainObject(object['status']) ? object['status'] : {};
  const known = (Array.isArray(status['conditions']) ? status['conditions'] : []).filter(isPlainObject);
  const said = say(contents);
  const sameOf = ({ type, status: now }: Said) =>
    known.find((condition) => condition['type'] === type && condition['status'] === now);
  if (said.every((one) => sameOf(one)?.['message'] === one.message)) return undefined;
  const fresh = said.map((one) => ({
    ...one,
    lastTransitionTime: sameOf(one)?.['lastTransitionTime'] ?? now,
  }));
  const others = known.filter((condition) => !said.some(({ type }) => type === condition['type']));
  return { ...object, status: { ...status, conditions: [...others, ...fresh] } };
};

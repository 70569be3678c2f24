// Owns what is in a namespace.
import type { Kind, KubeObject } from '@drover/api';
import type { Cache } from './cache.ts';

export interface Content {
  readonly kind: Kind;
  readonly object: KubeObject;
}

export const contentsOf = (cache: Cache, namespace: string): readonly Content[] =>
  cache
    .all()
    .filter(({ kind }) => kind.scope === 'Namespaced')
    .flatMap((objects) => objects.entries(namespace).map(({ object }) => ({ kind: objects.kind, object })));

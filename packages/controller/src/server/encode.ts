// Owns how objects are written: plain, as Table, or as PartialObjectMetadata.
import { apiVersionOf, type Kind, type KubeObject, listKindOf, toTable } from '@drover/api';
import type { Clock } from '../platform/clock.ts';
import type { ObjectList } from '../resources/resources.ts';
import { toSharedText, toText } from '../resources/texts.ts';
import type { Representation } from './negotiate.ts';
import { type Query, word } from './query.ts';

const partial = (object: KubeObject): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
});

/** Which part of the object a table row carries. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

export const includeObjectOf = (query: Query): IncludeObject =>
  word(query, 'includeObject', ['Metadata', 'Object', 'None']) ?? 'Metadata';

export interface Encoder {
  one(object: KubeObject): string;
  list(list: ObjectList): string;
  /** For a watch event. */
  event(type: string, object: KubeObject): string;
}

interface EncoderInput {
  readonly kind: Kind;
  readonly clock: Clock;
  readonly includeObject: IncludeObject;
}

const listMeta = ({ resourceVersion, continue: next, remainingItemCount }: Omit<ObjectList, 'items'>) => ({
  resourceVersion,
  ...(next === undefined ? {} : { continue: next }),
  ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
});

const eventLine = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`;

const plainEncoder = ({ kind }: EncoderInput): Encoder => ({
  one: toText,
  list: (list) => {
    const head = { kind: listKindOf(kind), apiVersion: apiVersionOf(kind), metadata: listMeta(list) };
    const items = list.items.map(toText);
    return `${JSON.stringify(head).slice(0, -1)},"items":[${items.join(',')}]}`;
  },
  event: (type, object) => eventLine(type, toSharedText(object)),
});

const metadataEncoder = (): Encoder => ({
  one: (object) => JSON.stringify(partial(object)),
  list: (list) =>
    JSON.stringify({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: listMeta(list),
      items: list.items.map(partial),
    }),
  event: (type, object) => eventLine(type, JSON.stringify(partial(object))),
});

/** Bookmarks have nothing to show in columns: a table without rows, at the bookmark's version. */
const tableEncoder = ({ kind, clock, includeObject }: EncoderInput, version: 'v1' | 'v1beta1'): Encoder => {
  const table = (items: readonly KubeObject[], meta: Omit<ObjectList, 'items'>): string => {
    const answer = toTable(kind, items, { nowMs: clock.nowMs(), includeObject, ...meta });
    return JSON.stringify(version === 'v1' ? answer : { ...answer, apiVersion: 'meta.k8s.io/v1beta1' });
  };
  const metaOf = (object: KubeObject) => ({ resourceVersion: object.metadata.resourceVersion ?? '' });
  return {
    one: (object) => table([object], metaOf(object)),
    list: ({ items, ...meta }) => table(items, meta),
    event: (type, object) => eventLine(type, table(type === 'BOOKMARK' ? [] : [object], metaOf(object))),
  };
};

export const createEncoder = (representation: Representation, input: EncoderInput): Encoder => {
  switch (representation.kind) {
    case 'plain':
      return plainEncoder(input);
    case 'metadata':
      return metadataEncoder();
    case 'table':
      return tableEncoder(input, representation.version);
  }
};

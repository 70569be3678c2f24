// Owns what a kind is: one value from which validation, defaults, types, OpenAPI, discovery, columns and
// patch merge keys are derived. Adding a kind is adding one file under kinds/ and naming it in kinds/index.ts.
import type { TSchema } from 'typebox';
import type { ScalePaths } from './custom/scale.ts';
import type { Schema } from './custom/schema.ts';
import type { KubeObject } from './meta.ts';
import type { Validator } from './validation/validator.ts';

/** A printer column (meta/v1 TableColumnDefinition); priority 0 is always shown, 1 only with -o wide. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly description: string;
  readonly priority: 0 | 1;
  readonly cell: (object: KubeObject, nowMs: number) => string | number | boolean;
}

/** What a kind has besides that a user defined (custom/kinds.ts). */
export interface CustomParts {
  readonly listKind: string;
  /** The version that objects are kept in; all versions of the kind are the same but for their name. */
  readonly storedVersion: string;
  readonly isServed: boolean;
  /** The structural schema, which is OpenAPI already. */
  readonly schema: Schema;
  readonly createValidator: () => Validator;
  readonly scale?: ScalePaths;
  /** What whoever uses the version is warned of: that it is deprecated. */
  readonly warning?: string;
}

export interface Kind {
  /** '' for core. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: 'Cluster' | 'Namespaced';
  /** What names may be: RFC 1123 subdomains unless it says 'PathSegment' (anything but ".", "..", "/" and "%"). */
  readonly names?: 'PathSegment';
  /** Answered when it is made and never stored: it can be created, and nothing else. */
  readonly transient?: true;
  /** Made up from what is known when it is read and never stored: it can be got, listed and watched, and nothing else. */
  readonly computed?: true;
  /**
   * JSON Schema of the whole object, made with TypeBox. Objects are closed (additionalProperties: false);
   * `default` gives defaulting; merge keys are the x-kubernetes-* extensions.
   */
  readonly schema: TSchema;
  /**
   * Name is put before and Age after them, unless they name a 'Name' column themselves: then they are all there is.
   */
  readonly columns: readonly Column[];
  /** Has a /status subresource: then a main write ignores status and a status write ignores all else. */
  readonly hasStatus: boolean;
  /** Other subresources, for discovery, e.g. 'approval' or 'log'. */
  readonly subresources: readonly string[];
  /** Field selectors beyond metadata.name and metadata.namespace: path → value of the object. */
  readonly selectableFields: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Paths that may not change after creation, e.g. 'spec.argv'. */
  readonly immutablePaths: readonly string[];
  /** To be awaited before objects of the kind are checked: what checks them is loaded only where it is needed. */
  readonly load?: () => Promise<void>;
  /** Fields of spec that only we write, at creation: an update leaves them as they are. */
  readonly serverFields?: readonly string[];
  /** Rules over more than one field that a schema cannot say; returns causes, empty when valid. */
  readonly check?: (object: KubeObject) => readonly { readonly field: string; readonly message: string }[];
  /** Rules about what may become of what; the plain ones are immutablePaths. Run by checkImmutable. */
  readonly checkUpdate?: (
    before: KubeObject,
    after: KubeObject,
  ) => readonly { readonly field: string; readonly message: string }[];
  /** Rewrites a valid object into its stored form (pure), e.g. a Secret's stringData into data. */
  readonly normalize?: (object: KubeObject) => KubeObject;
  /** Clients are not told that they may send strategic merge patches: the schema says too little for them. */
  readonly plainPatches?: true;
  readonly custom?: CustomParts;
}

/** 'nodes' or 'commandruns.drover.dev': the one key by which a kind is named in store, log and metrics. */
export const resourceKey = (kind: Pick<Kind, 'group' | 'plural'>): string =>
  kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;

export const apiVersionOf = (kind: Pick<Kind, 'group' | 'version'>): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

/** apiVersion that objects of a kind are kept in. */
export const storedApiVersionOf = (kind: Kind): string =>
  kind.custom === undefined
    ? apiVersionOf(kind)
    : apiVersionOf({ group: kind.group, version: kind.custom.storedVersion });

export const listKindOf = (kind: Kind): string => kind.custom?.listKind ?? `${kind.kind}List`;

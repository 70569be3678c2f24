// Owns the scale of a custom object: what autoscaling/v1 Scale says of it, and what it becomes when it is scaled.
import { ApiError } from '../errors.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { isPlainObject } from '../patch/json.ts';
import { simplePath } from './definition.ts';

export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** What requests to /scale are about. */
export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;

const at = (object: unknown, path: string): unknown =>
  (simplePath(path) ?? []).reduce<unknown>(
    (value, name) => (isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    object,
  );

const pathsOf = (kind: Kind): ScalePaths => {
  const scale = kind.custom?.scale;
  if (scale === undefined)
    throw new ApiError('NotFound', `cannot scale: ${kind.plural} has no subresource scale`);
  return scale;
};

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The object's Scale. Throws ApiError NotFound for a kind that has none. */
export const toScale = (kind: Kind, object: KubeObject): KubeObject => {
  const paths = pathsOf(kind);
  const selector = paths.labelSelectorPath ? at(object, paths.labelSelectorPath) : undefined;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
  return {
    apiVersion: `${scaleKind.group}/${scaleKind.version}`,
    kind: scaleKind.kind,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)),
    spec: { replicas: count(at(object, paths.specReplicasPath)) },
    status: {
      replicas: count(at(object, paths.statusReplicasPath)),
      ...(typeof selector === 'string' ? { selector } : {}),
    },
  };
};

const withValue = (object: unknown, [name, ...rest]: readonly string[], value: unknown): unknown => {
  if (name === undefined) return value;
  const fields = isPlainObject(object) ? object : {};
  return { ...fields, [name]: withValue(fields[name], rest, value) };
};

/** The replicas that a Scale asks for. Throws ApiError Invalid. */
export const parseReplicas = (scale: unknown): number => {
  const spec = isPlainObject(scale) ? scale['spec'] : undefined;
  const replicas = isPlainObject(spec) ? (spec['replicas'] ?? 0) : 0;
  if (Number.isSafeInteger(replicas) && Number(replicas) >= 0 && Number(replicas) < 2 ** 31)
    return Number(replicas);
  const message = `Invalid value: ${JSON.stringify(replicas)}: should be a non-negative integer`;
  throw new ApiError('Invalid', `Scale.autoscaling is invalid: spec.replicas: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas', message }],
  });
};

/** The object scaled to so many replicas. */
export const withReplicas = (kind: Kind, object: KubeObject, replicas: number): KubeObject =>
  // Only a field below spec is set: it stays an object of the kind.
  withValue(object, simplePath(pathsOf(kind).specReplicasPath) ?? [], replicas) as KubeObject;

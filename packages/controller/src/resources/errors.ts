// Owns the refusals of this room: which object, what was wanted, why not and what to do.
import { ApiError, type Cause, type Kind, type Reason, resourceKey } from '@drover/api';

export interface ObjectName {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

export type Verb = 'get' | 'create' | 'update' | 'patch' | 'delete';

/** `nodes "web1"`, `commandruns.drover.dev "default/r1"` */
const label = ({ kind, namespace, name }: ObjectName): string =>
  `${resourceKey(kind)} "${namespace === '' ? '' : `${namespace}/`}${name}"`;

export const refuse = (
  reason: Reason,
  verb: Verb,
  object: ObjectName,
  why: string,
  causes: readonly Cause[] = [],
): ApiError =>
  new ApiError(reason, `cannot ${verb} ${label(object)}: ${why}`, {
    name: object.name,
    group: object.kind.group,
    kind: object.kind.plural,
    ...(causes.length > 0 ? { causes } : {}),
  });

export const notFound = (verb: Verb, object: ObjectName): ApiError =>
  refuse('NotFound', verb, object, 'not found');

export const alreadyExists = (object: ObjectName): ApiError =>
  refuse('AlreadyExists', 'create', object, 'it already exists');

export const modified = (verb: Verb, object: ObjectName): ApiError =>
  refuse(
    'Conflict',
    verb,
    object,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

export const invalid = (verb: Verb, object: ObjectName, causes: readonly Cause[]): ApiError => {
  const told = causes.map((cause) => (cause.field ? `${cause.field}: ${cause.message}` : cause.message));
  return refuse('Invalid', verb, object, told.join(', '), causes);
};

export const isReason = (error: unknown, reason: Reason): boolean =>
  error instanceof ApiError && error.reason === reason;

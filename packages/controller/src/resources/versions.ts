// Owns the versions of a kind that users defined: objects are kept in one and shown in any; all that changes is apiVersion.
// I1: an object is copied at most once for each version, so that its identity can key an encoding.
import { apiVersionOf, type Kind, type KubeObject, storedApiVersionOf } from '@drover/api';

const copies = new WeakMap<KubeObject, Map<string, KubeObject>>();

/** The object in the version of `kind`; itself when it is in that. */
export const inVersion = (kind: Kind, object: KubeObject): KubeObject => {
  if (kind.custom === undefined) return object;
  const apiVersion = apiVersionOf(kind);
  if (object.apiVersion === apiVersion) return object;
  const known = copies.get(object) ?? new Map<string, KubeObject>();
  copies.set(object, known);
  const copy = known.get(apiVersion) ?? Object.freeze({ ...object, apiVersion });
  known.set(apiVersion, copy);
  return copy;
};

/** The object as it is stored. */
export const asStored = (kind: Kind, object: KubeObject): KubeObject =>
  kind.custom === undefined ? object : { ...object, apiVersion: storedApiVersionOf(kind) };

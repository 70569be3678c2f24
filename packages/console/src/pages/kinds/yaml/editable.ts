// Owns what of an object people edit: all but what the controller alone writes.
import type { KubeObject } from '@drover/api';
import { stringify } from 'yaml';

type Fields = Readonly<Record<string, unknown>>;

const ofTheController = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/** `hasStatus`: its status is a subresource, which a write of the object leaves as it is. */
export const toEditable = (object: KubeObject, hasStatus: boolean): Fields => {
  const { apiVersion, kind, metadata, status, ...rest } = object;
  const kept = Object.entries(metadata).filter(([name]) => !ofTheController.has(name));
  const shown = hasStatus || status === undefined ? {} : { status };
  return { apiVersion, kind, metadata: Object.fromEntries(kept), ...rest, ...shown };
};

export const toYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, flowCollectionPadding: true });

/** `value` as it is sent: an update of just the object that editing began from. */
export const toUpdate = (value: unknown, base: KubeObject): Fields => {
  const { metadata = {}, ...rest } = value as { readonly metadata?: Fields };
  const { uid, resourceVersion } = base.metadata;
  return { ...rest, metadata: { ...metadata, uid, resourceVersion } };
};

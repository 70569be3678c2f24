// Tables of apimachinery: runtime's envelope and meta/v1.
import { field, kept, list, map, message } from '../table.ts';
import { fieldsV1, time } from './values.ts';

const meta = (name: string) => `k8s.io.apimachinery.pkg.apis.meta.v1.${name}`;
const runtime = (name: string) => `k8s.io.apimachinery.pkg.runtime.${name}`;

const typeMeta = message(runtime('TypeMeta'), { apiVersion: field(1, 'string'), kind: field(2, 'string') });

/** What follows the four magic bytes: the type, and the object in `raw`. */
export const unknown = message(runtime('Unknown'), {
  typeMeta: field(1, typeMeta),
  raw: field(2, 'raw'),
  contentEncoding: field(3, 'string'),
  contentType: field(4, 'string'),
});

const ownerReference = message(meta('OwnerReference'), {
  kind: kept(1, 'string'),
  name: kept(3, 'string'),
  uid: kept(4, 'string'),
  apiVersion: kept(5, 'string'),
  controller: kept(6, 'bool'),
  blockOwnerDeletion: kept(7, 'bool'),
});

const managedFieldsEntry = message(meta('ManagedFieldsEntry'), {
  manager: field(1, 'string'),
  operation: field(2, 'string'),
  apiVersion: field(3, 'string'),
  time: field(4, time),
  fieldsType: field(6, 'string'),
  fieldsV1: field(7, fieldsV1),
  subresource: field(8, 'string'),
});

export const objectMeta = message(meta('ObjectMeta'), {
  name: field(1, 'string'),
  generateName: field(2, 'string'),
  namespace: field(3, 'string'),
  selfLink: field(4, 'string'),
  uid: field(5, 'string'),
  resourceVersion: field(6, 'string'),
  generation: field(7, 'int64'),
  creationTimestamp: field(8, time),
  deletionTimestamp: field(9, time),
  deletionGracePeriodSeconds: kept(10, 'int64'),
  labels: map(11, 'string'),
  annotations: map(12, 'string'),
  ownerReferences: list(13, ownerReference),
  finalizers: list(14, 'string'),
  managedFields: list(17, managedFieldsEntry),
});

export const labelSelectorRequirement = message(meta('LabelSelectorRequirement'), {
  key: kept(1, 'string'),
  operator: kept(2, 'string'),
  values: list(3, 'string'),
});

export const labelSelector = message(meta('LabelSelector'), {
  matchLabels: map(1, 'string'),
  matchExpressions: list(2, labelSelectorRequirement),
});

const preconditions = message(meta('Preconditions'), {
  uid: kept(1, 'string'),
  resourceVersion: kept(2, 'string'),
});

export const deleteOptions = message(meta('DeleteOptions'), {
  gracePeriodSeconds: kept(1, 'int64'),
  preconditions: field(2, preconditions),
  orphanDependents: kept(3, 'bool'),
  propagationPolicy: kept(4, 'string'),
  dryRun: list(5, 'string'),
  ignoreStoreReadErrorWithClusterBreakingPotential: kept(6, 'bool'),
});

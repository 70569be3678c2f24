// Owns what a row of the object log is to other rooms.
import type { KubeObject } from '@drover/api';

/** One revision. `value` of a deletion is the last state of the object. */
export interface ObjectRow {
  readonly revision: number;
  /** resourceKey of the kind: 'nodes', 'commandruns.drover.dev'. */
  readonly resource: string;
  /** '' for cluster scope. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly type: 'created' | 'updated' | 'deleted';
  readonly value: KubeObject;
}

/** A value as the text that is stored: it is read when it is asked for, for most objects are not. */
export interface StoredValue {
  readonly value: KubeObject;
  /** Whether the value may have a field of this name, at any depth; false is certain. */
  mayHave(field: string): boolean;
}

/** A row of the snapshot. Who keeps many keeps `stored` of them. */
export interface SnapshotRow extends ObjectRow {
  readonly stored: StoredValue;
}

/** A row that has just become durable: `value` is at hand, and `stored` what it would be after a restart. */
export interface CommittedRow extends SnapshotRow {
  /** `value` as JSON. */
  readonly json: string;
}

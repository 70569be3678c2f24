// Owns the meta.k8s.io/v1 Table that `kubectl get` and the console show.
// I1: a row has exactly one cell per column; a cell that cannot be computed is '<unknown>', never an error.
import type { Column, Kind } from '../kind.ts';
import type { KubeObject } from '../meta.ts';
import { ageColumn, nameColumn } from './columns.ts';

export interface TableOptions {
  readonly nowMs: number;
  /** What each row carries of its object: nothing, its metadata (kubectl's default), or all. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface TableColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly (string | number | boolean)[];
  readonly object?: unknown;
}

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: 'meta.k8s.io/v1';
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly columnDefinitions: readonly TableColumnDefinition[];
  readonly rows: readonly TableRow[];
}

/** All columns of a kind in order, with Name and Age where the kind does not place them itself. */
export const tableColumns = (kind: Kind): readonly Column[] =>
  kind.columns.some((c) => c.name === 'Name') ? kind.columns : [nameColumn, ...kind.columns, ageColumn];

const toCell = (column: Column, object: KubeObject, nowMs: number): string | number | boolean => {
  try {
    // Objects stored by an older version may lack what the schema asks for today.
    const value: string | number | boolean | undefined = column.cell(object, nowMs);
    return value ?? '<unknown>';
  } catch {
    return '<unknown>';
  }
};

const toRowObject = (object: KubeObject, include: TableOptions['includeObject']): { object?: unknown } => {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  return {
    object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
  };
};

/** Objects of one kind as a Table. Watch events carry a Table of one row made by the same call. */
export const toTable = (kind: Kind, objects: readonly KubeObject[], options: TableOptions): Table => {
  const columns = tableColumns(kind);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      resourceVersion: options.resourceVersion,
      ...(options.continue === undefined ? {} : { continue: options.continue }),
      ...(options.remainingItemCount === undefined ? {} : { remainingItemCount: options.remainingItemCount }),
    },
    columnDefinitions: columns.map(({ name, type, description, priority }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => toCell(column, object, options.nowMs)),
      ...toRowObject(object, options.includeObject),
    })),
  };
};

// Owns the two columns that nearly every table has.
import type { Column } from '../kind.ts';
import { ageOf } from './duration.ts';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  cell: (object) => object.metadata.name ?? '',
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  priority: 0,
  cell: (object, nowMs) => ageOf(object.metadata.creationTimestamp, nowMs),
};

/** A column of text. */
export const textColumn = (
  name: string,
  description: string,
  priority: 0 | 1,
  cell: Column['cell'],
): Column => ({ name, type: 'string', description, priority, cell });

// Owns what every group of fields of the form gets.
import type { Draft, Field } from './draft.ts';

export interface FieldsProps {
  readonly draft: Draft;
  readonly set: (change: Partial<Draft>) => void;
  /** In words, at the fields that they are about. */
  readonly problems: Readonly<Partial<Record<Field, string>>>;
}

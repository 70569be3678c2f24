// Owns what every field of a form is handed: the schema, what stands against the text, and the ways to change it.
import type { OpenApiSchema } from '../../../api/openapi.ts';
import type { Path, Schemas } from '../schema/schema.ts';
import type { Problem } from '../yaml/draft.ts';
import { toFieldPath } from '../yaml/field-path.ts';

export interface FormHands {
  readonly schemas: Schemas;
  readonly problems: readonly Problem[];
  readonly isReadOnly: boolean;
  readonly text: string;
  /** undefined takes the field away. */
  set(path: Path, value: unknown): void;
  rename(path: Path, from: string, to: string): void;
  /** What cannot be read changes nothing. */
  setYaml(path: Path, part: string): void;
}

export interface FieldProps {
  readonly hands: FormHands;
  readonly name: string;
  readonly path: Path;
  /** Resolved. */
  readonly schema: OpenApiSchema;
  /** undefined: not set. */
  readonly value: unknown;
  readonly isRequired: boolean;
}

/** Without spaces: ARIA lists ids with them. */
export const idOf = (path: Path): string => `field-${encodeURIComponent(toFieldPath(path))}`;

/** What is said about just this field. */
export const problemsAt = ({ problems }: FormHands, path: Path): readonly string[] => {
  const here = toFieldPath(path);
  return problems.filter((problem) => toFieldPath(problem.path) === here).map(({ message }) => message);
};

export const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

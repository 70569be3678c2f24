// Owns where the words of a refusal belong in a form.
import { ApiError } from '@drover/api/errors';

export interface Refusal<F extends string> {
  readonly title: string;
  readonly fields: Partial<Record<F, string>>;
}

/** `fieldOf`: the field of a path of the object; undefined: none of the form's. */
export const toRefusal = <F extends string>(
  error: unknown,
  fieldOf: (path: string) => F | undefined,
): Refusal<F> => {
  const title = error instanceof Error ? error.message : String(error);
  const causes = error instanceof ApiError ? (error.details?.causes ?? []) : [];
  const told = causes.flatMap(({ field = '', message }) => {
    const place = fieldOf(field);
    return place === undefined ? [] : [[place, message] as const];
  });
  // Each field once, with its last word.
  return { title, fields: Object.fromEntries(told) as Partial<Record<F, string>> };
};

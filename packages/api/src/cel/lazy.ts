// Owns values that are reckoned only when an expression asks for them, and then once.
import { type CelInput, type CelMap, celError, celMap } from '@bufbuild/cel';
import type { Outcome } from './compile.ts';

/** A map of these names; one whose reckoning fails fails whatever reads it, as any value that is an error does. */
export const lazyMap = (names: readonly string[], reckon: (name: string) => Outcome): CelMap => {
  const known = new Map<string, Outcome>();
  const get = (name: unknown): unknown => {
    if (typeof name !== 'string' || !names.includes(name)) return undefined;
    const outcome = known.get(name) ?? reckon(name);
    known.set(name, outcome);
    return outcome.kind === 'value' ? outcome.value : celError(outcome.message);
  };
  const has = (name: unknown): boolean => typeof name === 'string' && names.includes(name);
  // Only reading by name is lazy: an expression cannot ask for more, since its type is that of an object.
  const empty = celMap(new Map<string, CelInput>());
  return Object.create(empty, { get: { value: get }, has: { value: has } }) as CelMap;
};

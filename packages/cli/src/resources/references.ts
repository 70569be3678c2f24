// Owns reading which objects a command line names: 'KIND NAME...' or 'KIND/NAME ...'.
import type { DiscoveredKind, Discovery } from '@drover/client';
import { usageFailure } from '../failure.ts';

export interface Reference {
  readonly kind: DiscoveredKind;
  readonly name: string;
}

export const parseReferences = (words: readonly string[], discovery: Discovery): readonly Reference[] => {
  const [first = '', ...rest] = words;
  if (!first.includes('/')) {
    if (rest.length === 0) throw usageFailure(`cannot tell which ${first} is meant: give its name`);
    const kind = discovery.find(first);
    return rest.map((name) => {
      if (name.includes('/')) throw usageFailure(`cannot use ${name} after ${first}: give names only`);
      return { kind, name };
    });
  }
  return words.map((word) => {
    const [called = '', name = '', more] = word.split('/');
    if (called === '' || name === '' || more !== undefined)
      throw usageFailure(`cannot use ${word}: not kind/name`);
    return { kind: discovery.find(called), name };
  });
};

// Owns reading which objects a command line names: 'KIND NAME...' or 'KIND/NAME ...'.
import { usageFailure } from '../failure.ts';
import { findResource, type ResourceInfo } from './discovery.ts';

export interface Reference {
  readonly info: ResourceInfo;
  readonly name: string;
}

export const parseReferences = (
  words: readonly string[],
  infos: readonly ResourceInfo[],
): readonly Reference[] => {
  const [first = '', ...rest] = words;
  if (!first.includes('/')) {
    if (rest.length === 0) throw usageFailure(`cannot tell which ${first} is meant: give its name`);
    const info = findResource(infos, first);
    return rest.map((name) => {
      if (name.includes('/')) throw usageFailure(`cannot use ${name} after ${first}: give names only`);
      return { info, name };
    });
  }
  return words.map((word) => {
    const [kind = '', name = '', more] = word.split('/');
    if (kind === '' || name === '' || more !== undefined)
      throw usageFailure(`cannot use ${word}: not kind/name`);
    return { info: findResource(infos, kind), name };
  });
};

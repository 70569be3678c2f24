// Owns turning the text of -l into a meta/v1 LabelSelector, as kubectl reads it.
import type { LabelSelector } from '@drover/api';
import { usageFailure } from '../failure.ts';

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

const key = '[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?';
const value = '[A-Za-z0-9._-]*';
const isSet = new RegExp(`^(${key})\\s+(in|notin)\\s*\\(\\s*([^()]*?)\\s*\\)$`);
const isEqual = new RegExp(`^(${key})\\s*(==|=|!=)\\s*(${value})$`);
const isPresence = new RegExp(`^(!?)\\s*(${key})$`);

/** Splits at commas that are outside parentheses. */
const splitTerms = (text: string): string[] => text.split(/,(?![^(]*\))/).map((term) => term.trim());

const toRequirement = (term: string, text: string): Requirement => {
  const set = isSet.exec(term);
  if (set?.[1] !== undefined)
    return {
      key: set[1],
      operator: set[3] === 'in' ? 'In' : 'NotIn',
      values: (set[4] ?? '').split(',').map((item) => item.trim()),
    };
  const equal = isEqual.exec(term);
  if (equal?.[1] !== undefined)
    return { key: equal[1], operator: equal[3] === '!=' ? 'NotIn' : 'In', values: [equal[4] ?? ''] };
  const presence = isPresence.exec(term);
  if (presence?.[2] !== undefined)
    return { key: presence[2], operator: presence[1] === '!' ? 'DoesNotExist' : 'Exists' };
  throw usageFailure(
    `cannot use label selector ${text}: cannot read "${term}"`,
    "write terms such as 'rack=a', 'rack!=a', 'rack in (a,b)', 'gpu' or '!gpu', with commas between",
  );
};

export const toLabelSelector = (text: string): LabelSelector => ({
  matchExpressions: splitTerms(text).map((term) => toRequirement(term, text)),
});

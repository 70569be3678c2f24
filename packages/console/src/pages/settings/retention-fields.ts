// Owns what of a RetentionPolicy is shown and set, in which order, and what there is of each.
import type { RetentionSpec } from '@drover/api';

/** A part of the spec, its numbers, and the names in status.kept of what it is about. */
export const parts = [
  { part: 'work', numbers: ['keepDays'], kept: ['commandruns', 'filetransfers', 'tasks', 'output'] },
  { part: 'events', numbers: ['keepHours'], kept: ['events'] },
  { part: 'audit', numbers: ['keepDays', 'keepRows'], kept: ['audit'] },
  { part: 'recordings', numbers: ['keepDays', 'keepMebibytes'], kept: ['recordings'] },
  { part: 'content', numbers: ['keepHours'], kept: ['content'] },
  { part: 'revisions', numbers: ['keepMinutes', 'keepCount'], kept: ['revisions'] },
  { part: 'enrollmentTokens', numbers: ['keepDays'], kept: ['enrollmenttokens'] },
  { part: 'sshEnrollments', numbers: ['keepDays'], kept: ['sshenrollments'] },
  {
    part: 'certificateRequests',
    numbers: ['keepHours', 'waitHours'],
    kept: ['certificatesigningrequests'],
  },
  { part: 'certificates', numbers: ['keepDays'], kept: ['certificates'] },
] as const;

export type Part = (typeof parts)[number];
export type NumberName = Part['numbers'][number];
export type KeptName = Part['kept'][number];

/** What is typed, by 'part.number'. */
export type Draft = Readonly<Record<string, string>>;

const keyOf = (part: Part['part'], name: NumberName): string => `${part}.${name}`;

export const numberOf = (spec: RetentionSpec, part: Part['part'], name: NumberName): number => {
  const numbers: Readonly<Partial<Record<NumberName, number>>> = spec[part];
  return numbers[name] ?? 0;
};

/** Every number of every part, in order. */
export const allNumbers = parts.flatMap(({ part, numbers }) =>
  numbers.map((name: NumberName) => ({ part, name, key: keyOf(part, name) })),
);

export const toDraft = (spec: RetentionSpec): Draft =>
  Object.fromEntries(allNumbers.map(({ part, name, key }) => [key, String(numberOf(spec, part, name))]));

export const isWhole = (text: string): boolean => /^\d{1,10}$/.test(text);

/** What is different from the spec: nobody's change of another number is undone. */
export const toChange = (spec: RetentionSpec, draft: Draft): Record<string, Record<string, number>> => {
  const change: Record<string, Record<string, number>> = {};
  for (const { part, name, key } of allNumbers) {
    const wanted = Number(draft[key]);
    if (wanted !== numberOf(spec, part, name)) change[part] = { ...change[part], [name]: wanted };
  }
  return change;
};

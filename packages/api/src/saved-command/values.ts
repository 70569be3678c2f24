// Owns what a parameter of a saved command may be: its type and bounds, and the text that stands for it in the command.
import { matchesPattern } from '../custom/patterns.ts';
import type { CommandParameter } from '../kinds/saved-command.ts';

export type ParameterValue = string | number | boolean;

/** Either the text, or what is wrong with the value. */
export type ReadValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly message: string };

const maxLength = 32_768;

const text = (value: string): ReadValue => ({ kind: 'text', text: value });
const problem = (message: string): ReadValue => ({ kind: 'problem', message });

const readString = ({ pattern }: CommandParameter, value: ParameterValue): ReadValue => {
  if (typeof value !== 'string') return problem('must be a text: put it in quotes');
  if (value.length > maxLength) return problem(`must have at most ${maxLength} characters`);
  if (value.includes('\0')) return problem('must not hold a NUL character');
  if (pattern !== undefined && !matchesPattern(`\\A(?:${pattern})\\z`, value))
    return problem(`must match ${pattern} as a whole`);
  return text(value);
};

const readInteger = ({ minimum, maximum }: CommandParameter, value: ParameterValue): ReadValue => {
  const number = typeof value === 'string' && /^-?[0-9]+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) return problem('must be a whole number');
  if (minimum !== undefined && number < minimum) return problem(`must be at least ${minimum}`);
  if (maximum !== undefined && number > maximum) return problem(`must be at most ${maximum}`);
  return text(String(number));
};

const readBoolean = (value: ParameterValue): ReadValue =>
  ['true', 'false'].includes(String(value)) ? text(String(value)) : problem('must be true or false');

const readChoice = ({ choices = [] }: CommandParameter, value: ParameterValue): ReadValue =>
  typeof value === 'string' && choices.includes(value)
    ? text(value)
    : problem(`must be one of ${choices.join(', ')}`);

/** Numbers and booleans may also be given as texts, as command lines and forms have them. */
export const readValue = (parameter: CommandParameter, value: ParameterValue): ReadValue => {
  switch (parameter.type) {
    case 'string':
      return readString(parameter, value);
    case 'integer':
      return readInteger(parameter, value);
    case 'boolean':
      return readBoolean(value);
    case 'choice':
      return readChoice(parameter, value);
    default:
      return parameter.type satisfies never;
  }
};

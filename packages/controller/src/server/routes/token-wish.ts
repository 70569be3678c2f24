// Owns reading what a new API token is to be: how long it lasts and what its bounds are.
import { ApiError, isDnsLabel, type PolicyRule } from '@drover/api';
import type { TokenWish } from '../../auth/auth.ts';

const maxRules = 50;
const maxWords = 100;
const maxNamespaces = 50;

const invalid = (field: string, message: string): ApiError =>
  new ApiError('Invalid', `cannot make a token: ${field} ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });

const wordsOf = (value: unknown, field: string): string[] => {
  const isList =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= maxWords &&
    value.every((word) => typeof word === 'string' && word.length <= 300);
  if (!isList) throw invalid(field, `must be a list of 1 to ${maxWords} texts`);
  return value;
};

const lists = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'] as const;

const ruleOf = (value: unknown, at: number): PolicyRule => {
  const field = `rules[${at}]`;
  if (typeof value !== 'object' || value === null) throw invalid(field, 'must be an object');
  const given = Object.entries(value);
  const unknown = given.find(([name]) => !lists.some((known) => known === name));
  if (unknown !== undefined)
    throw invalid(`${field}.${unknown[0].slice(0, 100)}`, 'is not a field of a rule');
  const read = Object.fromEntries(given.map(([name, words]) => [name, wordsOf(words, `${field}.${name}`)]));
  const { verbs, ...rest } = read;
  if (verbs === undefined) throw invalid(`${field}.verbs`, 'is needed');
  const isAboutPaths = rest['nonResourceURLs'] !== undefined;
  if (isAboutPaths === (rest['resources'] !== undefined))
    throw invalid(field, 'must have either resources or nonResourceURLs');
  return isAboutPaths ? { verbs, ...rest } : { verbs, apiGroups: [''], ...rest };
};

const rulesOf = (value: unknown): Pick<TokenWish, 'rules'> => {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value) || value.length === 0 || value.length > maxRules)
    throw invalid('rules', `must be a list of 1 to ${maxRules} rules`);
  return { rules: value.map(ruleOf) };
};

const namespacesOf = (value: unknown): Pick<TokenWish, 'namespaces'> => {
  if (value === undefined || value === null) return {};
  const isList = Array.isArray(value) && value.length > 0 && value.length <= maxNamespaces;
  if (!isList || !value.every((name) => typeof name === 'string' && isDnsLabel(name)))
    throw invalid('namespaces', `must be a list of 1 to ${maxNamespaces} namespaces`);
  return { namespaces: value };
};

/** What the body of POST /auth/tokens asks for. Throws Invalid. */
export const tokenWish = (body: Readonly<Record<string, unknown>>): TokenWish => {
  const { description = '', expiresSeconds, rules, namespaces } = body;
  if (typeof description !== 'string' || description.length > 1_000)
    throw invalid('description', 'must be a text of at most 1000 characters');
  if (expiresSeconds !== undefined && typeof expiresSeconds !== 'number')
    throw invalid('expiresSeconds', 'must be a number (0: never)');
  return {
    description,
    ...(expiresSeconds === undefined ? {} : { expiresSeconds }),
    ...rulesOf(rules),
    ...namespacesOf(namespaces),
  };
};

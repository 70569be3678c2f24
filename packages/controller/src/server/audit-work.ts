// Owns what of a run or transfer stands in the audit trail as it was asked for: where it is to go, and its command line.
// Environment, input and script are not read here at all. Pure.
import { type AuditEntry, commandRunKind, fileTransferKind, resourceKey } from '@drover/api';
import { redactArgv } from '../auth/audit/redact.ts';
import type { Access } from './access.ts';

const works = new Set([resourceKey(commandRunKind), resourceKey(fileTransferKind)]);
const maxAsked = 1_000;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

/** As it was asked, not yet validated. */
const askedNodes = (spec: Fields): string => {
  const { nodeSet, labelSelector } = fieldsOf(spec['targets']);
  const parts = [
    typeof nodeSet === 'string' ? nodeSet : '',
    labelSelector === undefined ? '' : `labels ${JSON.stringify(labelSelector)}`,
    typeof spec['retryOf'] === 'string' ? `failed nodes of ${spec['retryOf']}` : '',
  ];
  return parts
    .filter((part) => part !== '')
    .join('; ')
    .slice(0, maxAsked);
};

const commandOf = (spec: Fields): readonly string[] => {
  const { argv, script, direction, path } = spec;
  if (typeof direction === 'string' && typeof path === 'string') return [direction.toLowerCase(), path];
  return textsOf(script === undefined ? argv : fieldsOf(script)['interpreter']);
};

export const workFields = (
  access: Extract<Access, { kind: 'resource' }>,
  body: unknown,
): Pick<AuditEntry, 'nodes' | 'argv'> => {
  if (!works.has(access.resource)) return {};
  const spec = fieldsOf(fieldsOf(body)['spec']);
  const asked = askedNodes(spec);
  const argv = redactArgv(commandOf(spec));
  return { ...(asked === '' ? {} : { nodes: { asked } }), ...(argv.length === 0 ? {} : { argv }) };
};

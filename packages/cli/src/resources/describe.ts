// Owns showing any object so that it can be read: its fields as an indented outline, without the noise.
import type { KubeObject } from '@drover/api';
import { printable } from '../output/terminal.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** 'creationTimestamp' → 'Creation Timestamp'. Keys that are not camelCase (labels, env) stay as they are. */
const toTitle = (key: string): string =>
  /^[a-z][A-Za-z0-9]*$/.test(key)
    ? (key[0] ?? '').toUpperCase() + key.slice(1).replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    : key;

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0);

const textLines = (value: unknown): readonly string[] =>
  printable(String(value), true)
    .split('\n')
    .map((line) => line.trimEnd());

const toList = (items: readonly unknown[], indent: string): string[] =>
  items.flatMap((item) => {
    if (isPlain(item)) return textLines(item).map((line, at) => `${indent}${at === 0 ? '- ' : '  '}${line}`);
    const lines = toOutline(item, `${indent}  `);
    const [first = '', ...rest] = lines;
    return [`${indent}- ${first.trimStart()}`, ...rest];
  });

const toField = (key: string, value: unknown, indent: string, titled: boolean): string[] => {
  const title = `${indent}${printable(titled ? toTitle(key) : key)}:`;
  if (!isPlain(value)) return [title, ...toOutline(value, `${indent}  `, key)];
  const lines = textLines(value);
  return lines.length === 1
    ? [`${title} ${lines[0]}`]
    : [title, ...lines.map((line) => `${indent}  ${line}`)];
};

const verbatimKeys = new Set([
  'labels',
  'annotations',
  'env',
  'data',
  'matchLabels',
  'capacity',
  'allocatable',
]);

/** Lines of any JSON value. Empty fields are left out. */
export const toOutline = (value: unknown, indent = '', parent = ''): string[] => {
  if (Array.isArray(value)) return toList(value, indent);
  if (!isRecord(value)) return [`${indent}${String(value)}`];
  return Object.entries(value)
    .filter(([, field]) => !isEmpty(field))
    .flatMap(([key, field]) => toField(key, field, indent, !verbatimKeys.has(parent)));
};

const hideSecret = (object: KubeObject): KubeObject => {
  if (object.kind !== 'Secret' || !isRecord(object['data'])) return object;
  const data = Object.entries(object['data']).map(([key, text]) => [
    key,
    `${Buffer.from(String(text), 'base64').length} bytes`,
  ]);
  return { ...object, data: Object.fromEntries(data) };
};

/** The object as an outline: name and kind first; bookkeeping is left out, secret values are not shown. */
export const toDescription = (object: KubeObject): string[] => {
  const { metadata, apiVersion, kind, ...rest } = hideSecret(object);
  const { name, namespace, managedFields: _, resourceVersion: __, uid: ___, ...meta } = metadata;
  return toOutline({ name, namespace, kind, apiVersion, ...meta, ...rest });
};

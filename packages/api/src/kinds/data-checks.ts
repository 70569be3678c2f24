// Owns the rules that ConfigMap and Secret share: key syntax, total size, immutability.
import type { KubeObject } from '../meta.ts';

/** As in Kubernetes: 1 MiB of values in one ConfigMap or Secret. */
export const maxDataBytes = 1048576;

const keySyntax = /^[-._a-zA-Z0-9]{1,253}$/;
const base64Syntax = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

type Problem = { readonly field: string; readonly message: string };

export const isBase64 = (text: string): boolean => base64Syntax.test(text.replaceAll(/[\r\n]/g, ''));

const isKey = (key: string): boolean => keySyntax.test(key) && key !== '.' && !key.startsWith('..');

const keyProblem = (field: string, key: string): Problem => ({
  field: `${field}[${key.slice(0, 300)}]`,
  message: 'a key consists of letters, digits, "-", "_" or ".", at most 253 of them, and is not ".."',
});

/** Problems of the given maps: bad keys, a key in two maps, more than 1 MiB in all. */
export const dataChecks = (
  maps: Readonly<Record<string, Readonly<Record<string, string>>>>,
): readonly Problem[] => {
  const problems: Problem[] = [];
  const twice: Problem[] = [];
  const fields = Object.keys(maps);
  const seen = new Set<string>();
  let sizeBytes = 0;
  for (const field of fields) {
    const values = maps[field] ?? {};
    for (const key of Object.keys(values)) {
      if (!isKey(key)) problems.push(keyProblem(field, key));
      if (seen.has(key)) twice.push({ field: `${field}[${key}]`, message: 'the key is used twice' });
      seen.add(key);
      sizeBytes += values[key]?.length ?? 0;
    }
  }
  problems.push(...twice);
  if (sizeBytes > maxDataBytes)
    problems.push({ field: fields[0] ?? 'data', message: `more than ${maxDataBytes} bytes in all` });
  return problems;
};

/** With `immutable: true` stored, neither it nor the named fields may change. */
export const immutableDataChecks = (
  before: KubeObject,
  after: KubeObject,
  fields: readonly string[],
): readonly Problem[] => {
  if (before['immutable'] !== true) return [];
  const changed = fields.filter((f) => JSON.stringify(before[f] ?? {}) !== JSON.stringify(after[f] ?? {}));
  const unset = after['immutable'] === true ? [] : ['immutable'];
  return [...unset, ...changed].map((field) => ({
    field,
    message: 'field is immutable when `immutable` is set',
  }));
};

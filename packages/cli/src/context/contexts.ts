// Owns the file of contexts: which controllers this user knows and which is current.
// I1: the file is readable by its owner only (0600) and replaced whole (write, fsync, rename).
// I2: a context always carries the CA it trusts; there is none without.
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Endpoint } from '@drover/client';
import { Failure, usageFailure } from '../failure.ts';

/** A controller, and the file of the key by which what is asked of its nodes is signed. */
export interface Context extends Endpoint {
  readonly signingKey?: string;
}

export interface Contexts {
  readonly current: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const contextsPath = (environment: Environment): string =>
  environment['DROVER_CONFIG'] ??
  join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'drover', 'config.json');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks what a file says. `path` is only named in the message. */
const parseContext = (value: unknown, path: string): Context => {
  if (!isRecord(value)) throw usageFailure(`cannot read ${path}: a context must be an object`);
  const [address, caPem, token] = ['address', 'caPem', 'token'].map((key) => {
    const text = value[key] ?? (key === 'token' ? '' : undefined);
    if (typeof text !== 'string') throw usageFailure(`cannot read ${path}: ${key} must be a string`);
    return text;
  });
  if (!caPem?.includes('BEGIN CERTIFICATE'))
    throw usageFailure(`cannot read ${path}: caPem holds no certificate`);
  const { signingKey } = value;
  if (signingKey !== undefined && typeof signingKey !== 'string')
    throw usageFailure(`cannot read ${path}: signingKey must be a string`);
  return {
    ...{ address: address ?? '', caPem, token: token ?? '' },
    ...(signingKey === undefined ? {} : { signingKey }),
  };
};

const readJson = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw usageFailure(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw usageFailure(`cannot read ${path}: it is not JSON`, 'mend or remove the file, then sign in again');
  }
};

export const loadContexts = (path: string): Contexts => {
  const value = readJson(path);
  if (value === undefined) return { current: '', contexts: {} };
  if (!isRecord(value) || !isRecord(value['contexts']))
    throw usageFailure(`cannot read ${path}: contexts must be an object`);
  const entries = Object.entries(value['contexts']).map(
    ([name, context]) => [name, parseContext(context, `${path}: contexts.${name}`)] as const,
  );
  return {
    current: typeof value['current'] === 'string' ? value['current'] : '',
    contexts: Object.fromEntries(entries),
  };
};

export const saveContexts = (path: string, contexts: Contexts): void => {
  const next = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(next, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(contexts, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(next, 0o600);
    renameSync(next, path);
  } catch (error) {
    throw new Failure(`cannot save ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
};

/** A file with one context, as the controller writes it to <dataDir>/admin.json; undefined when absent. */
export const loadContextFile = (path: string): Context | undefined => {
  const value = readJson(path);
  return value === undefined ? undefined : parseContext(value, path);
};

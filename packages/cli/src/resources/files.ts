// Owns reading objects from files: YAML or JSON, several documents, Lists, whole directories, standard input.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@drover/api';
import { usageFailure } from '../failure.ts';
import { readInputText } from '../platform/input-file.ts';

export interface FileObject {
  readonly object: KubeObject;
  /** Where it came from, for messages. */
  readonly source: string;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const filesOf = (path: string): readonly string[] => {
  if (path === '-') return [path];
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw usageFailure(`cannot read ${path}: ${reasonOf(error)}`);
  }
};

const toObjects = (value: unknown, source: string): readonly FileObject[] => {
  if (value === null || value === undefined) return [];
  const object = value as KubeObject & { readonly items?: unknown };
  if (typeof value !== 'object' || typeof object.kind !== 'string' || typeof object.apiVersion !== 'string')
    throw usageFailure(`cannot use ${source}: apiVersion and kind are missing`);
  if (object.kind.endsWith('List') && Array.isArray(object.items))
    return (object.items as unknown[]).flatMap((item, at) => toObjects(item, `${source}: items[${at}]`));
  if (typeof object.metadata?.name !== 'string')
    throw usageFailure(`cannot use ${source}: metadata.name is missing`);
  return [{ object, source }];
};

const parseFile = async (path: string): Promise<readonly FileObject[]> => {
  const text = await readInputText(path, '');
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, at) => {
    const [error] = document.errors;
    if (error !== undefined) throw usageFailure(`cannot read ${path}: ${error.message.split('\n')[0]}`);
    return toObjects(
      document.toJS({ maxAliasCount: 100 }),
      documents.length > 1 ? `${path}, document ${at + 1}` : path,
    );
  });
};

export const loadObjectFiles = async (paths: readonly string[]): Promise<readonly FileObject[]> => {
  const all: FileObject[] = [];
  for (const path of paths.flatMap(filesOf)) all.push(...(await parseFile(path)));
  if (all.length === 0) throw usageFailure(`cannot find objects in ${paths.join(', ')}`);
  return all;
};

// Owns which version of Drover this is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readVersion = (): string => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version; // our own file
};

export const ownVersion = readVersion();

// Owns paths on nodes, written as in a manifest: bytes that are not printable UTF-8 are %XX, and % is %25.
import { decodeName, encodeName } from '@drover/client/names';

/** As it was typed or is shown → as a manifest has it. */
export const toPath = (text: string): string => encodeName(new TextEncoder().encode(text));

/** undefined: it holds bytes that are no text. */
export const toText = (path: string): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodeName(path));
  } catch {
    return undefined;
  }
};

/** As people read it: odd bytes stay %XX. */
export const shown = (path: string): string => {
  const text = toText(path);
  return text !== undefined && toPath(text) === path && !/%(?!25)/.test(path) ? text : path;
};

/** No doubled, and no last, slash; no '.' and '..'. */
export const cleaned = (path: string): string => {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
};

export const join = (directory: string, name: string): string =>
  directory === '/' ? `/${name}` : `${directory}/${name}`;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Every directory on the way, from / on, and the path itself. */
export const wayTo = (path: string): readonly string[] => {
  const names = path.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`)];
};

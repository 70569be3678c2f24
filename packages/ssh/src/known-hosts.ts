// Owns reading OpenSSH known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") and judging a host's key by them.
// I1: a key is accepted only if an entry for that very host and port holds it, and no @revoked entry does.
// I2: there is no way to accept an unknown key but to name its fingerprint.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface KnownHost {
  readonly marker: '' | '@cert-authority' | '@revoked';
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** Lines that cannot be read are left out, as ssh does. */
export const parseKnownHosts = (text: string): readonly KnownHost[] =>
  text.split('\n').flatMap((line): readonly KnownHost[] => {
    const words = line.trim().split(/\s+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return [];
    const marker = words[0].startsWith('@') ? (words.shift() ?? '') : '';
    if (marker !== '' && marker !== '@cert-authority' && marker !== '@revoked') return [];
    const [hosts, type, key] = words;
    if (hosts === undefined || type === undefined || key === undefined) return [];
    return [{ marker, hosts, type, key: Buffer.from(key, 'base64') }];
  });

/** The name by which known_hosts calls a host: with its port unless that is 22. */
export const knownName = (host: string, port: number): string =>
  port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;

const matchesHash = (hosts: string, name: string): boolean => {
  const [, version, salt = '', hash = ''] = hosts.split('|');
  if (version !== '1') return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
};

const toPattern = (glob: string): RegExp => {
  const source = [...glob.toLowerCase()]
    .map((character) =>
      character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[^a-z0-9]/, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
};

const isFor = (hosts: string, name: string): boolean => {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  const patterns = hosts.split(',').filter((pattern) => pattern !== '');
  const negated = patterns.filter((pattern) => pattern.startsWith('!'));
  if (negated.some((pattern) => toPattern(pattern.slice(1)).test(name))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && toPattern(pattern).test(name));
};

export const entriesFor = (known: readonly KnownHost[], host: string, port: number): readonly KnownHost[] =>
  known.filter((entry) => isFor(entry.hosts, knownName(host, port)));

/** 'SHA256:...' as ssh-keygen -l prints it. */
export const toFingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** 'ssh-ed25519' and the like: the first string of a public key blob. */
export const keyType = (key: Buffer): string => {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.subarray(4, 4 + length).toString('latin1');
};

export type Verdict = 'accepted' | 'unknown' | 'changed' | 'revoked';

/** What the entries say of a key; `fingerprints`, when there are any, decide alone (save @revoked). */
export const judgeKey = (
  key: Buffer,
  entries: readonly KnownHost[],
  fingerprints: readonly string[],
): Verdict => {
  if (entries.some((entry) => entry.marker === '@revoked' && entry.key.equals(key))) return 'revoked';
  if (fingerprints.length > 0) return fingerprints.includes(toFingerprint(key)) ? 'accepted' : 'changed';
  const plain = entries.filter((entry) => entry.marker === '');
  if (plain.some((entry) => entry.key.equals(key))) return 'accepted';
  return plain.length > 0 ? 'changed' : 'unknown';
};

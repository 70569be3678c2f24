// Owns addresses: URLs, and IP addresses and networks (Kubernetes' url, ip and cidr libraries).
import type { CelValue } from '@bufbuild/cel';
import { isCidr, isIp } from '../../custom/formats.ts';
import { listOf, mapOf, opaque, scalar } from '../types.ts';
import { type Declared, func, method, textOfOpaque, toOpaque } from './declare.ts';

const [bool, int, string] = [scalar('bool'), scalar('int'), scalar('string')];
const [url, ip, cidr] = [opaque('url'), opaque('ip'), opaque('cidr')];

/** An absolute URL, or an absolute path. */
const toUrl = (text: string): URL | undefined => {
  if (text.startsWith('/')) return URL.parse(text, 'path://p') ?? undefined;
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) ? (URL.parse(text) ?? undefined) : undefined;
};

const urlOf = (value: CelValue | undefined): URL => {
  const found = toUrl(textOfOpaque('url', value));
  if (found === undefined) throw new Error('not a URL');
  return found;
};

const urlPart = (name: string, part: (found: URL, text: string) => string): Declared =>
  method(name, url, [], string, (value) => part(urlOf(value), textOfOpaque('url', value)));

const queryOf = (value: CelValue | undefined): Map<string, string[]> => {
  const { searchParams } = urlOf(value);
  return new Map([...new Set(searchParams.keys())].map((key) => [key, searchParams.getAll(key)]));
};

export const urls: readonly Declared[] = [
  func('url', [string], url, (text) => {
    if (toUrl(String(text)) === undefined) throw new Error(`"${String(text).slice(0, 100)}" is not a URL`);
    return toOpaque('url', String(text));
  }),
  func('isURL', [string], bool, (text) => toUrl(String(text)) !== undefined),
  urlPart('getScheme', ({ protocol }, text) => (text.startsWith('/') ? '' : protocol.slice(0, -1))),
  urlPart('getHost', ({ host }, text) => (text.startsWith('/') ? '' : host)),
  urlPart('getHostname', ({ hostname }, text) =>
    text.startsWith('/') ? '' : hostname.replace(/^\[|\]$/g, ''),
  ),
  urlPart('getPort', ({ port }) => port),
  urlPart('getEscapedPath', ({ pathname }) => pathname),
  method('getQuery', url, [], mapOf(listOf(string)), queryOf),
];

/** The words of an IPv6 address, or the bytes of an IPv4 address, as one number. */
const numberOf = (text: string): { readonly bits: 32 | 128; readonly value: bigint } => {
  if (!text.includes(':'))
    return { bits: 32, value: text.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n) };
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const [a = 0, b = 0, c = 0, d = 0] = (dotted ?? []).slice(1).map(Number);
  const words = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)].join(':');
  const whole = dotted === null ? text : text.slice(0, dotted.index) + words;
  const [head = '', tail] = whole.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [first, last] = [head === '' ? [] : head, tail ?? []];
  const groups = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
  return { bits: 128, value: groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n) };
};

/** The shortest form (RFC 5952). */
const textOf = (bits: number, value: bigint): string => {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((at) => (value >> at) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const zeros = [...groups.join(':').matchAll(/(?:^|:)(0(?::0)+)(?=:|$)/g)].map(([, run = '']) => run);
  const longest = zeros.reduce((found, run) => (run.length > found.length ? run : found), '');
  if (longest === '') return groups.join(':');
  const at = `:${groups.join(':')}:`.indexOf(`:${longest}:`);
  const text = groups.join(':');
  const [before, after] = [text.slice(0, Math.max(0, at - 1)), text.slice(at + longest.length + 1)];
  return `${before}::${after}`;
};

const ipOf = (value: CelValue | undefined) => numberOf(textOfOpaque('ip', value));

const toIp = (text: CelValue | undefined): CelValue => {
  if (!isIp(String(text))) throw new Error(`"${String(text).slice(0, 100)}" is not an IP address`);
  const { bits, value } = numberOf(String(text));
  return toOpaque('ip', textOf(bits, value));
};

const cidrOf = (value: CelValue | undefined) => {
  const [address = '', prefix = '0'] = textOfOpaque('cidr', value).split('/');
  const { bits, value: number } = numberOf(address);
  return { bits, value: number, prefix: Number(prefix) };
};

const toCidr = (text: CelValue | undefined): CelValue => {
  if (!isCidr(String(text)))
    throw new Error(`"${String(text).slice(0, 100)}" is not a network in CIDR notation`);
  return toOpaque('cidr', String(text));
};

const masked = (bits: number, value: bigint, prefix: number): bigint => {
  const free = BigInt(bits - prefix);
  return (value >> free) << free;
};

const hasIp = (network: CelValue | undefined, { bits, value }: ReturnType<typeof numberOf>): boolean => {
  const { bits: own, value: base, prefix } = cidrOf(network);
  return own === bits && masked(bits, value, prefix) === masked(bits, base, prefix);
};

const hasCidr = (outer: CelValue | undefined, inner: CelValue | undefined): boolean => {
  const { bits, value, prefix } = cidrOf(inner);
  return prefix >= cidrOf(outer).prefix && hasIp(outer, { bits, value });
};

const within = (name: string, v4: string, v6: string): Declared =>
  method(name, ip, [], bool, (value) => {
    const found = ipOf(value);
    return hasIp(toCidr(found.bits === 32 ? v4 : v6), found);
  });

export const addresses: readonly Declared[] = [
  func('ip', [string], ip, toIp),
  func('isIP', [string], bool, (text) => isIp(String(text))),
  func('ip.isCanonical', [string], bool, (text) => textOfOpaque('ip', toIp(text)) === text),
  method('family', ip, [], int, (value) => (ipOf(value).bits === 32 ? 4n : 6n)),
  method('isUnspecified', ip, [], bool, (value) => ipOf(value).value === 0n),
  within('isLoopback', '127.0.0.0/8', '::1/128'),
  within('isLinkLocalUnicast', '169.254.0.0/16', 'fe80::/10'),
  within('isLinkLocalMulticast', '224.0.0.0/24', 'ff02::/16'),
  func('cidr', [string], cidr, toCidr),
  func('isCIDR', [string], bool, (text) => isCidr(String(text))),
  method('containsIP', cidr, [string], bool, (network, text) => hasIp(network, ipOf(toIp(text)))),
  method('containsIP', cidr, [ip], bool, (network, address) => hasIp(network, ipOf(address))),
  method('containsCIDR', cidr, [string], bool, (network, text) => hasCidr(network, toCidr(text))),
  method('containsCIDR', cidr, [cidr], bool, hasCidr),
  method('ip', cidr, [], ip, (network) => {
    const { bits, value } = cidrOf(network);
    return toOpaque('ip', textOf(bits, value));
  }),
  method('masked', cidr, [], cidr, (network) => {
    const { bits, value, prefix } = cidrOf(network);
    return toOpaque('cidr', `${textOf(bits, masked(bits, value, prefix))}/${prefix}`);
  }),
  method('prefixLength', cidr, [], int, (network) => BigInt(cidrOf(network).prefix)),
];

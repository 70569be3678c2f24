// Owns the formats of strings that a schema may ask for (those of Kubernetes' kube-openapi strfmt that it lists as
// supported). A format that is not here says nothing, as in Kubernetes.
import { isDnsSubdomain } from '../validation/names.ts';

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
};

/** RFC 4291 section 2.2, without zones. */
const isIpv6 = (text: string): boolean => {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const hasIpv4 = last.includes('.') && text.endsWith(last);
  if (hasIpv4 && !isIpv4(last)) return false;
  const words = hasIpv4 ? groups.slice(0, -1) : groups;
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return false;
  const count = words.length + (hasIpv4 ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
};

export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text);

export const isCidr = (text: string): boolean => {
  const [address = '', bits = '', ...more] = text.split('/');
  if (more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false;
  return isIpv4(address) ? Number(bits) <= 32 : isIpv6(address) && Number(bits) <= 128;
};

const isUri = (text: string): boolean =>
  text.startsWith('/') || (/^[A-Za-z]/.test(text) && URL.canParse(text));

const dayOf = (text: string): boolean => {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (found === null) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
};

/** RFC 3339 section 5.6. */
const isDateTime = (text: string): boolean =>
  text.length <= 64 &&
  /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text) &&
  dayOf(text.slice(0, 10)) &&
  !Number.isNaN(Date.parse(text));

const unit = '(?:ns|us|µs|μs|ms|s|m|h)';
const duration = new RegExp(`^[-+]?(?:0|(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)${unit})+)$`);

/** Go's time.Duration: 1h30m, 1.5s. */
export const isDuration = (text: string): boolean => text.length <= 100 && duration.test(text);

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/\r\n]*={0,2}$/.test(text);

const uuid = (version: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');
const byPattern =
  (pattern: RegExp, maxLength = 1000) =>
  (text: string): boolean =>
    text.length <= maxLength && pattern.test(text);

export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  byte: isBase64,
  cidr: isCidr,
  creditcard: byPattern(/^\d{13,19}$/),
  date: dayOf,
  'date-time': isDateTime,
  datetime: isDateTime,
  duration: isDuration,
  email: byPattern(/^[^\s@<>]+@[^\s@<>.]+(?:\.[^\s@<>.]+)*$/, 320),
  hexcolor: byPattern(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  hostname: (text) => isDnsSubdomain(text.toLowerCase()),
  ipv4: isIpv4,
  ipv6: isIpv6,
  isbn: byPattern(/^(?:\d[- ]?){9}[\dXx]$|^(?:\d[- ]?){13}$/, 20),
  isbn10: byPattern(/^(?:\d[- ]?){9}[\dXx]$/, 20),
  isbn13: byPattern(/^(?:\d[- ]?){13}$/, 30),
  mac: byPattern(/^[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}$/),
  rgbcolor: byPattern(/^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$/),
  ssn: byPattern(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  uri: isUri,
  uuid: byPattern(uuid('[0-9a-f]')),
  uuid3: byPattern(uuid('3')),
  uuid4: byPattern(uuid('4')),
  uuid5: byPattern(uuid('5')),
};

/** Whether a text is of the format; true for formats that are not known. */
export const isOfFormat = (format: string, text: string): boolean =>
  Object.hasOwn(formats, format) ? (formats[format]?.(text) ?? true) : true;

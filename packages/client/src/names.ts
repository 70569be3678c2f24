// Owns how file names, which are bytes, are written in a manifest (docs/protocol.md section 5).
// I1: decodeName(encodeName(b)) is b for every b; '%' is always '%25'; what is not printable UTF-8 is %XX.

// A byte order mark is part of a name.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** Length of the valid UTF-8 sequence at `at`, or 0. */
const sequenceLength = (name: Uint8Array, at: number): number => {
  const first = name[at] ?? 0;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  for (let next = 1; next < length; next += 1) if (((name[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = name[at + 1] ?? 0;
  const isOverlong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const isSurrogate = first === 0xed && second > 0x9f;
  const isBeyond = first === 0xf4 && second > 0x8f;
  return isOverlong || isSurrogate || isBeyond ? 0 : length;
};

/** Unassigned, control, format, separator and private characters are written as bytes: they cannot be read. */
const isPrintable = (character: string): boolean =>
  character !== '%' && !/[\p{C}\p{Zl}\p{Zp}]/u.test(character);

export const encodeName = (name: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < name.length; ) {
    const length = sequenceLength(name, at);
    const bytes = name.subarray(at, at + Math.max(length, 1));
    const character = length === 0 ? '' : decoder.decode(bytes);
    text += character !== '' && isPrintable(character) ? character : [...bytes].map(percent).join('');
    at += bytes.length;
  }
  return text;
};

/** Throws on a '%' that is not followed by two hex digits. */
export const decodeName = (text: string): Uint8Array => {
  const [first = '', ...rest] = text.split('%');
  const bytes = [...encoder.encode(first)];
  for (const part of rest) {
    if (!/^[0-9A-Fa-f]{2}/.test(part)) throw new Error(`"${text}" has a % without two hex digits`);
    bytes.push(Number.parseInt(part.slice(0, 2), 16), ...encoder.encode(part.slice(2)));
  }
  return Uint8Array.from(bytes);
};

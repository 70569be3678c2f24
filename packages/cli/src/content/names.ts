// Owns how file names, which are bytes, are written in a manifest (docs/protocol.md section 5).
// I1: decodeName(encodeName(b)) is b for every b; '%' is always '%25'; what is not printable UTF-8 is %XX.

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
    const character = length === 0 ? '' : Buffer.from(bytes).toString('utf8');
    text += character !== '' && isPrintable(character) ? character : [...bytes].map(percent).join('');
    at += bytes.length;
  }
  return text;
};

/** Throws on a '%' that is not followed by two hex digits. */
export const decodeName = (text: string): Buffer => {
  const parts = text.split('%');
  const buffers = [Buffer.from(parts[0] ?? '', 'utf8')];
  for (const part of parts.slice(1)) {
    if (!/^[0-9A-Fa-f]{2}/.test(part)) throw new Error(`"${text}" has a % without two hex digits`);
    buffers.push(Buffer.from(part.slice(0, 2), 'hex'), Buffer.from(part.slice(2), 'utf8'));
  }
  return Buffer.concat(buffers);
};

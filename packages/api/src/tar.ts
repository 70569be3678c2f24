// Owns the blocks of a tar archive (ustar, POSIX.1-2001), for browser and controller.
const blockBytes = 512;
/** Zeros after the last entry. */
export const endOfTar = 2 * blockBytes;
const text = new TextEncoder();

const octal = (value: number, width: number): string =>
  `${Math.floor(value)
    .toString(8)
    .padStart(width - 1, '0')}\0`;

const put = (block: Uint8Array, at: number, bytes: Uint8Array | string): void =>
  block.set(typeof bytes === 'string' ? text.encode(bytes) : bytes, at);

export interface TarHeader {
  /** What does not fit into 100 bytes is cut: a pax header (type x) before it tells the whole name. */
  readonly name: Uint8Array | string;
  /** File, symbolic link, directory, pax header. */
  readonly type: '0' | '2' | '5' | 'x';
  readonly sizeBytes: number;
  /** Octal: '0644'. */
  readonly mode: string;
  readonly mtimeMs: number;
}

/** Stands before the data of an entry. */
export const tarHeader = ({ name, type, sizeBytes, mode, mtimeMs }: TarHeader): Uint8Array<ArrayBuffer> => {
  const block = new Uint8Array(blockBytes);
  put(block, 0, (typeof name === 'string' ? text.encode(name) : name).subarray(0, 100));
  put(block, 100, octal(Number.parseInt(mode, 8), 8));
  put(block, 108, octal(0, 8));
  put(block, 116, octal(0, 8));
  put(block, 124, octal(sizeBytes, 12));
  put(block, 136, octal(Math.max(0, mtimeMs / 1000), 12));
  put(block, 148, '        ');
  put(block, 156, type);
  put(block, 257, 'ustar\x0000');
  const sum = block.reduce((all, byte) => all + byte, 0);
  put(block, 148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
};

/** Zeros that stand behind the data of an entry. */
export const tarPadding = (sizeBytes: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((blockBytes - (sizeBytes % blockBytes)) % blockBytes);

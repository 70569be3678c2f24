// Owns reading the end of a log.
import { open } from 'node:fs/promises';

/** The last bytes of a log, from the beginning of a line. Throws the system's error. */
export const readTail = async (path: string, maxBytes: number): Promise<Buffer> => {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - maxBytes);
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    const tail = buffer.subarray(0, bytesRead);
    return from === 0 ? tail : tail.subarray(tail.indexOf(10) + 1);
  } finally {
    await file.close();
  }
};

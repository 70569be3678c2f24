// Owns sending a part of a file to a socket: constant memory, at the pace of the reader.
// I1: a buffer is read into again only after the socket has passed its bytes on.
import type { Writable } from 'node:stream';
import type { ContentFile } from '../store/store.ts';
import type { ByteRange } from './byte-range.ts';

const bufferBytes = 1024 * 1024;
/** Buffers that are free; more at work than this are made and dropped again. */
const keptBuffers = 8;
const free: Buffer[] = [];

const takeBuffer = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
const giveBuffer = (buffer: Buffer): void => {
  if (free.length < keptBuffers) free.push(buffer);
};

/** Resolves when the bytes have been handed to the operating system. */
const write = (target: Writable, data: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    target.write(data, (error) => (error ? reject(error) : resolve()));
  });

/** Reads ahead one buffer while the other is being written. */
const copy = async (
  file: ContentFile,
  range: ByteRange,
  target: Writable,
  buffers: Buffer[],
): Promise<void> => {
  let writing: Promise<void> = Promise.resolve();
  let at = range.start;
  for (let turn = 0; at <= range.end; turn = 1 - turn) {
    const buffer = buffers[turn] ?? Buffer.alloc(0);
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, range.end + 1 - at), at);
    if (bytesRead === 0) throw new Error(`cannot read at ${at}: the file is shorter than it should be`);
    at += bytesRead;
    await writing;
    writing = write(target, buffer.subarray(0, bytesRead));
    writing.catch(() => undefined);
  }
  await writing;
};

/** Writes the range, not the end of the stream, and closes the file. Throws when it is short or the target fails. */
export const sendFile = async (file: ContentFile, range: ByteRange, target: Writable): Promise<void> => {
  const buffers = [takeBuffer(), takeBuffer()];
  // A target that is torn down may never call back; its buffers are then left to the collector.
  const gone = new Promise<never>((_, reject) => {
    target.once('close', () => reject(new Error('cannot send: the connection was closed')));
  });
  try {
    await Promise.race([copy(file, range, target, buffers), gone]);
    for (const buffer of buffers) giveBuffer(buffer);
  } finally {
    gone.catch(() => undefined);
    await file.close();
  }
};

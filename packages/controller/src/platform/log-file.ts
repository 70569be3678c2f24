// Owns the file of the log.
// I1: a line that cannot be written never ends the process, nor waits in memory: it is dropped, and counted.
// I2: once lines can be written again, the first says how many are missing; it begins a line of its own, whatever was cut.
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';

export interface LogFile {
  write(line: string): void;
  close(): void;
}

interface LogFileOptions {
  readonly path: string;
  readonly nowMs: () => number;
}

const warnLevel = 'warn';

/** Appends, readable for our own user only. Throws the system's error when it cannot be opened. */
export const openLogFile = ({ path, nowMs }: LogFileOptions): LogFile => {
  const file = openSync(path, 'a', 0o600);
  let lost = 0;
  let isCut = false;
  /** Of a line that was cut nothing stays. */
  const takeBack = (bytes: number): boolean => {
    try {
      ftruncateSync(file, fstatSync(file).size - bytes);
      return true;
    } catch {
      return false;
    }
  };
  const append = (text: string): void => {
    const bytes = Buffer.from(text);
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(file, bytes, done);
      isCut = false;
    } catch (error) {
      if (done > 0) isCut = !takeBack(done);
      throw error;
    }
  };
  const gap = (): string => {
    const time = new Date(nowMs()).toISOString();
    return `${JSON.stringify({ level: warnLevel, time, lines: lost, msg: 'lines of the log are missing: they could not be written' })}\n`;
  };
  return {
    write: (line) => {
      try {
        if (isCut) append('\n');
        if (lost > 0) append(gap());
        lost = 0;
        append(line);
      } catch {
        // I1. Where else could it be told? The state of the disk is in the status.
        lost += 1;
      }
    },
    close: () => closeSync(file),
  };
};

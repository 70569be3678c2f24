// Owns the log: one JSON line per entry, with run, operation, task and node ids as fields.
// error = somebody must act; warn = may become one; info = a state changed; debug = for the maintainer.
import { type DestinationStream, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { isDiskRefusal } from './disk-refusal.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** What the rooms see of the logger; `pino` provides it, a test may pass `silentLog`. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Field names whose values are never written, at the top level and one level down. */
const secretFields = ['secret', 'token', 'password', 'privateKey', 'authorization', 'cookie'];

interface LogOptions {
  readonly level?: LogLevel;
  readonly destination?: DestinationStream;
}

const errorOf = (fields: unknown): unknown =>
  typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : undefined;

/** Lines go to standard output unless a destination is given. A thrown value is logged as field `err`. */
export const createLog = (options: LogOptions = {}): Log => {
  const settings: LoggerOptions = {
    level: options.level ?? 'info',
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Thousands fail for the one reason that store/disk/watch.ts has told.
    hooks: {
      logMethod(words, method) {
        if (!isDiskRefusal(errorOf(words[0]))) method.apply(this, words);
      },
    },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
};

/** Drops everything. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

// Owns sending the rows of the audit trail to a syslog server: RFC 5424 over UDP, or TCP with RFC 6587 octet counting.
// I1: syslog is a copy for others and never holds anybody up: over UDP a row may be lost on the way, over TCP rows are
//     kept in memory while the server is away, the newest `maxWaiting` of them. The store and audit.log have all.
import { createSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { createBackoff } from '../../platform/backoff.ts';
import type { Log } from '../../platform/log.ts';
import type { AuditLine } from '../../store/store.ts';

export interface SyslogTarget {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  readonly port: number;
}

export interface Syslog {
  send(lines: readonly AuditLine[]): void;
  close(): Promise<void>;
}

const maxWaiting = 10_000;
const closeMs = 1_000;
/** Facility 13 (log audit), severity 5 (notice). */
const priority = 13 * 8 + 5;

/** 'udp://host:514' or 'tcp://host:601'; the port may be left out. Undefined for anything else. */
export const parseSyslogTarget = (text: string): SyslogTarget | undefined => {
  const found = /^(udp|tcp):\/\/(\[[0-9a-f:]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(text);
  const [, protocol, host = '', digits] = found ?? [];
  if (protocol !== 'udp' && protocol !== 'tcp') return undefined;
  const port = Number(digits ?? (protocol === 'udp' ? 514 : 601));
  if (port < 1 || port > 65_535) return undefined;
  return { protocol, host: host.replace(/^\[(.*)\]$/, '$1'), port };
};

/** One RFC 5424 message; the record is its text, which is ASCII or UTF-8 JSON. */
export const toSyslogMessage = ([, , line]: AuditLine, host: string): string => {
  const time = /"time":"([^"]+)"/.exec(line)?.[1] ?? '-';
  return `<${priority}>1 ${time} ${host} drover ${process.pid} audit - ${line}`;
};

const ownName = (): string => hostname().replace(/[^\x21-\x7e]/g, '') || '-';

const openUdp = ({ host, port }: SyslogTarget, log: Log): Syslog => {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const name = ownName();
  let failed = false;
  socket.on('error', (err) => log.warn({ err }, 'cannot send the audit trail to syslog'));
  socket.unref();
  return {
    send: (lines) => {
      for (const line of lines)
        socket.send(toSyslogMessage(line, name), port, host, (err) => {
          if (err && !failed) log.warn({ err, host, port }, 'cannot send the audit trail to syslog');
          failed = err !== null;
        });
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
};

class TcpSyslog implements Syslog {
  readonly #target: SyslogTarget;
  readonly #log: Log;
  readonly #name = ownName();
  readonly #backoff = createBackoff({ baseMs: 500, maxMs: 30_000 });
  #waiting: string[] = [];
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(target: SyslogTarget, log: Log) {
    this.#target = target;
    this.#log = log;
    this.#connect();
  }

  send(lines: readonly AuditLine[]): void {
    for (const line of lines) {
      const message = toSyslogMessage(line, this.#name);
      this.#waiting.push(`${Buffer.byteLength(message)} ${message}`);
    }
    this.#drain();
    const excess = this.#waiting.length - maxWaiting;
    if (excess <= 0) return;
    this.#waiting.splice(0, excess);
    this.#log.warn({ excess }, 'rows of the audit trail were not sent to syslog: it is away for too long');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.setTimeout(closeMs, () => socket.destroy());
      socket.once('close', () => resolve());
      socket.end();
    });
  }

  #drain(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.connecting || this.#waiting.length === 0) return;
    if (socket.writableLength > 1024 * 1024) return;
    socket.write(this.#waiting.join(''));
    this.#waiting = [];
  }

  #connect(): void {
    const { host, port } = this.#target;
    const socket = connect({ host, port });
    this.#socket = socket;
    socket.resume();
    socket.on('connect', () => {
      this.#backoff.reset();
      this.#drain();
    });
    socket.on('drain', () => this.#drain());
    socket.on('error', (err) => this.#log.warn({ err, host, port }, 'cannot reach the syslog server'));
    socket.on('close', () => {
      this.#socket = undefined;
      if (!this.#isClosed) this.#timer = setTimeout(() => this.#connect(), this.#backoff.nextMs());
    });
  }
}

export const openSyslog = (target: SyslogTarget, log: Log): Syslog =>
  target.protocol === 'udp' ? openUdp(target, log) : new TcpSyslog(target, log);

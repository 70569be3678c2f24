// Owns a client of HTTP/1.1 over TLS that costs next to nothing, so that a benchmark measures the server and not itself.
// It knows what Drover answers with: a content-length or chunks.
import { connect, type TLSSocket } from 'node:tls';
import type { AdminContext } from '../../test/harness/controller.ts';

export interface RawAnswer {
  readonly code: number;
  readonly body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/** The chunks of a body put together. */
const unchunk = (data: Buffer): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = data.indexOf('\r\n', at);
    const size = Number.parseInt(data.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(data.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
};

/** How an answer ends, once its head is there; `bodyBytes` is undefined for chunks. */
interface Head {
  readonly code: number;
  readonly headBytes: number;
  readonly bodyBytes: number | undefined;
}

const parseHead = (data: Buffer): Head | undefined => {
  const end = data.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = data.toString('latin1', 0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  const isChunked = length === undefined && /\r\ntransfer-encoding: chunked/i.test(head);
  return {
    code: Number(head.slice(9, 12)),
    headBytes: end + headEnd.length,
    bodyBytes: isChunked ? undefined : Number(length ?? 0),
  };
};

export class RawConnection {
  private readonly socket: TLSSocket;
  private readonly head: string;
  private parts: Buffer[] = [];
  private partsBytes = 0;
  private answerHead: Head | undefined;
  private settle: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | undefined;
  private onData: ((data: Buffer) => void) | undefined;

  private constructor(socket: TLSSocket, token: string) {
    this.socket = socket;
    this.head = ` HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\n`;
    socket.on('data', (data: Buffer) => (this.onData ?? this.take)(data));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static open({ address, caPem, token }: AdminContext): Promise<RawConnection> {
    const { hostname, port } = new URL(address);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), ca: caPem }, () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket, token));
      });
      socket.setNoDelay(true).once('error', reject);
    });
  }

  private readonly take = (data: Buffer): void => {
    this.parts.push(data);
    this.partsBytes += data.length;
    this.answerHead ??= parseHead(this.parts.length === 1 ? data : Buffer.concat(this.parts));
    if (this.answerHead === undefined || !this.isWhole(this.answerHead, data)) return;
    const { code, headBytes, bodyBytes } = this.answerHead;
    const body = (this.parts.length === 1 ? data : Buffer.concat(this.parts)).subarray(headBytes);
    this.parts = [];
    this.partsBytes = 0;
    this.answerHead = undefined;
    this.settle?.resolve({ code, body: bodyBytes === undefined ? unchunk(body) : body });
  };

  private isWhole({ headBytes, bodyBytes }: Head, last: Buffer): boolean {
    if (bodyBytes !== undefined) return this.partsBytes >= headBytes + bodyBytes;
    const end = last.length >= lastChunk.length ? last : Buffer.concat(this.parts.slice(-2));
    return end.subarray(-lastChunk.length).equals(lastChunk);
  }

  private fail(error: Error): void {
    this.settle?.reject(error);
    this.settle = undefined;
  }

  /** One request at a time; rejects when the code is not 2xx. */
  async ask(
    method: string,
    path: string,
    body?: string,
    type = 'application/json',
    accept = 'application/json',
  ): Promise<RawAnswer> {
    const content =
      body === undefined ? '' : `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    const answer = await new Promise<RawAnswer>((resolve, reject) => {
      this.settle = { resolve, reject };
      this.socket.write(`${method} ${path}${this.head}accept: ${accept}\r\n${content}\r\n${body ?? ''}`);
    });
    if (answer.code < 200 || answer.code > 299)
      throw new Error(`${method} ${path}: ${answer.code} ${answer.body.toString().slice(0, 300)}`);
    return answer;
  }

  /** Asks, and from then on hands everything that comes to `onData`; resolves with the first of it. */
  stream(path: string, onData: (data: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve: () => undefined, reject };
      this.onData = (data) => {
        resolve();
        onData(data);
      };
      this.socket.write(`GET ${path}${this.head}\r\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

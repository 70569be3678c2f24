// Owns an HTTP answer that leaves as WebSocket messages: what a route writes line by line arrives in messages of whole lines.
// I1: the connection is upgraded when the answer's head is 200; any other answer is sent as plain HTTP, and closed.
// I2: a writer is told to wait while the client does not take what was written, as on any other answer.
// I3: an answer that ended closes the socket with 1000; one that was cut does with 1011: the client can tell.
// I4: with a subprotocol of ours, lines written in one turn of the event loop share messages of at most `messageBytes` (a longer
//     line has one of its own): a browser runs a task for each message, and paints nothing while thousands wait. A client
//     that offers none of them is one of Kubernetes, whose messages hold one event.
import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

export const linesProtocol = 'lines.drover.dev';
export const tableProtocol = 'table.drover.dev';

const fullBytes = 1024 * 1024;
/** As much as a page reads well within one frame. */
const messageBytes = 64 * 1024;
const farewellMs = 1_000;
const newline = 10;
const between = Buffer.from([newline]);

const upgrader = new WebSocketServer({
  noServer: true,
  // Nothing is said to a stream: pongs and the goodbye only.
  maxPayload: 1_024,
  perMessageDeflate: false,
  handleProtocols: (offered) =>
    [linesProtocol, tableProtocol].find((protocol) => offered.has(protocol)) ?? false,
});

export class MessageResponse extends ServerResponse {
  readonly #request: IncomingMessage;
  readonly #socket: Duplex;
  readonly #head: Buffer;
  #viewer: WebSocket | undefined;
  #refusal: Buffer[] = [];
  #rest: Buffer[] = [];
  #held: Buffer[] = [];
  #heldBytes = 0;
  #flushing: NodeJS.Immediate | undefined;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer) {
    super(request);
    this.#request = request;
    this.#socket = socket;
    this.#head = head;
    socket.once('close', () => this.#gone());
  }

  #gone(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }

  override writeHead(code: number, ...rest: unknown[]): this {
    this.statusCode = code;
    // Both overloads of node: headers are the last argument.
    super.writeHead(code, rest.at(-1) as OutgoingHttpHeaders);
    // I1
    if (code === 200)
      upgrader.handleUpgrade(this.#request, this.#socket, this.#head, (viewer) => {
        this.#viewer = viewer;
        viewer.on('error', () => viewer.terminate());
      });
    return this;
  }

  override flushHeaders(): void {}

  /** I4. */
  #hold(line: Buffer): void {
    if (this.#heldBytes + line.length > messageBytes) this.#flush();
    if (this.#heldBytes > 0) this.#held.push(between);
    this.#held.push(line);
    this.#heldBytes += line.length + between.length;
    if (this.#viewer?.protocol === '') this.#flush();
    else this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#held.length > 0) this.#send(Buffer.concat(this.#held));
    this.#held = [];
    this.#heldBytes = 0;
  }

  #send(message: Buffer): void {
    this.#viewer?.send(message, { binary: false }, () => {
      // I2
      if (this.#waits && (this.#viewer?.bufferedAmount ?? 0) < fullBytes / 2) {
        this.#waits = false;
        this.emit('drain');
      }
    });
  }
  #waits = false;

  override write(chunk: string | Uint8Array): boolean {
    const data = Buffer.from(chunk as Uint8Array);
    if (this.#viewer === undefined) {
      this.#refusal.push(data);
      return true;
    }
    let from = 0;
    for (let at = data.indexOf(newline); at >= 0; at = data.indexOf(newline, from)) {
      this.#hold(Buffer.concat([...this.#rest, data.subarray(from, at)]));
      this.#rest = [];
      from = at + 1;
    }
    if (from < data.length) this.#rest.push(data.subarray(from));
    this.#waits ||= this.#viewer.bufferedAmount > fullBytes;
    return !this.#waits;
  }

  override end(chunk?: unknown): this {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.write(chunk);
    if (this.#viewer === undefined) this.#refuse();
    else {
      if (this.#rest.length > 0) this.#hold(Buffer.concat(this.#rest));
      this.#close(1000);
    }
    this.emit('finish');
    return this;
  }

  override destroy(): this {
    if (this.#viewer === undefined) this.#socket.destroy();
    else this.#close(1011);
    return this;
  }

  /** I3. Who does not say goodbye in turn is cut. */
  #close(code: number): void {
    this.#flush();
    this.#viewer?.close(code);
    setTimeout(() => this.#viewer?.terminate(), farewellMs).unref();
  }

  #refuse(): void {
    const body = Buffer.concat(this.#refusal);
    const headers = Object.entries({
      ...this.getHeaders(),
      'content-length': body.length,
      connection: 'close',
    });
    const lines = headers.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
    const line = `HTTP/1.1 ${this.statusCode} ${STATUS_CODES[this.statusCode] ?? 'Error'}`;
    this.#socket.end(Buffer.concat([Buffer.from(`${line}\r\n${lines}\r\n`), body]), () =>
      this.#socket.destroy(),
    );
  }
}

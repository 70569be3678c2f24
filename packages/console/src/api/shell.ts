// Owns a terminal on a node, as a page has it: the WebSocket of docs/protocol.md, known by the session's cookie.
// I1: how it ended is told once: by the controller's word, or as a cut.
import { client } from './client.ts';

const protocol = 'drover.shell.v1';

export interface ShellEnd {
  /** undefined: the connection was cut, or never came about. */
  readonly exit: number | undefined;
  readonly reason: string;
}

export interface ShellWish {
  readonly node: string;
  /** '': the agent's own. */
  readonly user: string;
  readonly columns: number;
  readonly rows: number;
}

export interface ShellListener {
  readonly onOpen: () => void;
  readonly onOutput: (data: Uint8Array) => void;
  readonly onEnd: (end: ShellEnd) => void;
}

export interface PageShell {
  write(text: string): void;
  writeBytes(data: Uint8Array): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

const pathOf = ({ node }: ShellWish): string => `/api/v1/nodes/${encodeURIComponent(node)}/shell`;

const urlOf = (wish: ShellWish): string => {
  const { user, columns, rows } = wish;
  const query = new URLSearchParams({ columns: String(columns), rows: String(rows), user });
  return `${client.transport.origin}${pathOf(wish)}?${query}`.replace(/^http/, 'ws');
};

/** A page cannot see why a WebSocket was refused: the same request without it says so. '': it would be opened. */
const whyRefused = async (wish: ShellWish): Promise<string> => {
  const { user, columns, rows } = wish;
  try {
    await client.transport.json({ path: pathOf(wish), query: { user, columns, rows } });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const parseEnd = (text: string): ShellEnd => {
  const { exit, reason = '' } = JSON.parse(text) as { exit?: number; reason?: string }; // as docs/protocol.md has it
  return { exit, reason };
};

export const openShell = (wish: ShellWish, { onOpen, onOutput, onEnd }: ShellListener): PageShell => {
  const socket = new WebSocket(urlOf(wish), protocol);
  socket.binaryType = 'arraybuffer';
  let isOpen = false;
  let isEnded = false;
  const end = (how: ShellEnd): void => {
    if (isEnded) return;
    isEnded = true;
    onEnd(how);
  };
  socket.onopen = () => {
    isOpen = true;
    onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (typeof data === 'string') end(parseEnd(data));
    else onOutput(new Uint8Array(data));
  };
  socket.onclose = ({ reason }) => {
    if (isOpen) end({ exit: undefined, reason });
    else void whyRefused(wish).then((why) => end({ exit: undefined, reason: why }));
  };
  const send = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  };
  const encoder = new TextEncoder();
  return {
    write: (text) => send(encoder.encode(text)),
    writeBytes: (data) => send(new Uint8Array(data)),
    resize: (columns, rows) => send(JSON.stringify({ resize: [columns, rows] })),
    close: () => {
      isEnded = true;
      socket.close();
    },
  };
};

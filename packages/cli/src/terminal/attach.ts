// Owns joining this terminal to one on a node.
// I1: the terminal is put back as it was however this ends.
// I2: what is typed is not read faster than the node takes it, and output not faster than this terminal does.
import type { Terminal } from '@drover/client';
import type { Session } from '../session.ts';
import { createEscapeFilter } from './escape.ts';

const endOfInput = '\x04';

const sendInput = async (session: Session, terminal: Terminal): Promise<void> => {
  const { input } = session;
  const filter = createEscapeFilter();
  for await (const chunk of input) {
    const { send, leave } = input.isTTY
      ? filter.feed(chunk as Buffer)
      : { send: chunk as Buffer, leave: false };
    if (send.length > 0) await terminal.write(send);
    if (leave) {
      session.note('\r\nleft the terminal\r');
      terminal.close();
      return;
    }
  }
  if (!input.isTTY) await terminal.write(endOfInput);
};

const isOwnTerminal = (session: Session): boolean => session.input.isTTY === true;

/** Resolves to the exit code of the shell. */
export const attachTerminal = async (session: Session, terminal: Terminal): Promise<number> => {
  const { input } = session;
  const onResize = () => terminal.resize(process.stdout.columns || 80, process.stdout.rows || 24);
  if (isOwnTerminal(session)) input.setRawMode(true);
  process.stdout.on('resize', onResize);
  // A terminal that ends while input is sent makes the write fail; how it ended is told below.
  sendInput(session, terminal).catch(() => undefined);
  try {
    for await (const data of terminal.output) session.out.write(data);
    const { exit, reason } = await terminal.ended;
    if (reason !== '') session.note(`${isOwnTerminal(session) ? '\r' : ''}terminal ended: ${reason}`);
    return exit;
  } finally {
    process.stdout.off('resize', onResize);
    if (isOwnTerminal(session)) input.setRawMode(false);
    input.destroy();
  }
};

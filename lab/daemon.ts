// Owns a lab that outlives the command that made it: one process holding a Lab, asked over a unix socket by JSON lines.
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Release } from './base.ts';
import { Lab } from './lab.ts';

interface Question {
  readonly verb:
    | 'up'
    | 'off'
    | 'down'
    | 'cycle'
    | 'freeze'
    | 'thaw'
    | 'cut'
    | 'heal'
    | 'delay'
    | 'relay'
    | 'argv'
    | 'status'
    | 'close';
  readonly name?: string;
  readonly release?: Release;
  readonly number?: number;
  readonly argv?: readonly string[];
}

const answer = async (lab: Lab, question: Question): Promise<unknown> => {
  const name = question.name ?? '';
  switch (question.verb) {
    case 'up':
      return lab.up(name, question.release);
    case 'off':
      return lab.off(name);
    case 'down':
      return lab.down(name);
    case 'cycle':
      return lab.powerCycle(name);
    case 'freeze':
      return lab.freeze(name);
    case 'thaw':
      return lab.thaw(name);
    case 'cut':
      return lab.cut(name);
    case 'heal':
      return lab.heal(name);
    case 'delay':
      return lab.delay(name, question.number ?? 0);
    case 'relay':
      return lab.relay(question.number ?? 0);
    case 'argv':
      return lab.argv(name, question.argv ?? []);
    case 'status':
      return lab.hosts;
    case 'close':
      return undefined;
  }
};

const main = async (socketPath: string): Promise<void> => {
  const lab = await Lab.open();
  const close = async (): Promise<void> => {
    rmSync(socketPath, { force: true });
    await lab.close();
    process.exit(0);
  };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', async (line) => {
      const question = JSON.parse(line) as Question; // only our own CLI reaches this socket (0600)
      const said = await answer(lab, question).then(
        (value) => ({ ok: true, value }),
        (error: unknown) => ({ ok: false, message: error instanceof Error ? error.message : String(error) }),
      );
      socket.end(`${JSON.stringify(said)}\n`);
      if (question.verb === 'close') await close();
    });
  });
  process.umask(0o077);
  server.listen(socketPath);
  process.on('SIGTERM', () => void close());
};

await main(process.argv[2] ?? 'lab.sock');

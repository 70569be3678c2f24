// drover recordings: terminals that were recorded.

import { setTimeout as sleep } from 'node:timers/promises';
import { toSize } from '@drover/api/size';
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { isDocument, parseOutputForm, printValue } from '../output/documents.ts';
import { toTable } from '../output/table.ts';
import { toElapsed } from '../output/units.ts';
import type { Session } from '../session.ts';

interface ReplayOptions {
  readonly speed: string;
  readonly maxPause: string;
  readonly raw?: boolean;
}

const list = async (
  options: { readonly output?: string },
  command: Command,
  session: Session,
): Promise<void> => {
  const form = parseOutputForm(options.output);
  const items = await session.connect(command).recordings();
  if (form === 'name') session.out.write(items.map((item) => `${item.id}\n`).join(''));
  else if (isDocument(form)) await printValue(session.out, form, items);
  else if (items.length === 0) session.note('no recordings found');
  else {
    const rows = items.map((item) => [
      item.id,
      item.node,
      item.user || '-',
      item.startedAt,
      toElapsed(item.seconds),
      toSize(item.sizeBytes),
    ]);
    const { lines } = toTable(['Id', 'Node', 'User', 'Started', 'Length', 'Size'], rows);
    session.out.write(`${lines.join('\n')}\n`);
  }
};

const play = async (
  id: string,
  options: ReplayOptions,
  command: Command,
  session: Session,
): Promise<void> => {
  const recording = session.connect(command).recording(id);
  if (options.raw === true) {
    for await (const part of recording) session.out.write(part);
    return;
  }
  const [speed, maxPauseSeconds] = [Number(options.speed), Number(options.maxPause)];
  if (!(speed > 0)) throw usageFailure(`cannot use --speed ${options.speed}: not a number above 0`);
  if (!(maxPauseSeconds >= 0)) throw usageFailure(`cannot use --max-pause ${options.maxPause}: not a number`);
  const { replay } = await import('../terminal/replay.ts');
  const write = (text: string): void => session.out.write(text);
  await replay(recording, { write, wait: sleep, speed, maxPauseSeconds });
  session.out.write(session.out.isTerminal ? '\x1b[0m\r\n' : '');
};

export const define = (command: Command, session: Session): void => {
  const all = command
    .command('list')
    .description('List recorded terminals')
    .option('-o, --output <form>', 'json, yaml or name');
  all.action((options: { output?: string }) => list(options, all, session));
  const one = command
    .command('replay')
    .description('Play a recorded terminal back')
    .argument('<id>')
    .option('--speed <factor>', '2: twice as fast', '1')
    .option('--max-pause <seconds>', 'shorten pauses to this', '2')
    .option('--raw', 'print the asciicast file instead');
  one.action((id: string, options: ReplayOptions) => play(id, options, one, session));
};

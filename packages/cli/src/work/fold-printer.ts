// Owns how identical outputs of many nodes are shown once, with the node-set they came from.

import { toSize } from '@drover/api/size';
import type { Fold, FoldedGroup } from '@drover/client';
import { printableOutput, type Sink } from '../output/terminal.ts';
import { toEnding } from './rows.ts';

const ruler = '-'.repeat(16);

const body = (sink: Sink, bytes: Uint8Array): string | Buffer => {
  const data = Buffer.from(bytes);
  const whole = data.length === 0 || data.at(-1) === 10 ? data : Buffer.concat([data, Buffer.from('\n')]);
  return sink.isTerminal ? printableOutput(whole) : whole;
};

/** Of what was kept, a fold holds this much (see Fold in @drover/client); less means that no more was kept. */
const foldedBytes = 65536;

const missing = (shown: Uint8Array, bytes: number, what: string): string => {
  if (bytes <= shown.length) return '';
  const why =
    shown.length < foldedBytes ? 'not kept: cut at its cap' : 'not shown: see drover runs log --node';
  return `[${toSize(bytes - shown.length)} of ${what} ${why}]\n`;
};

const printGroup = (out: Sink, group: FoldedGroup): void => {
  const ending = toEnding(group);
  const why = group.reason === '' ? '' : `: ${group.reason}`;
  const words = ending === 'ok' ? '' : ` ${out.paint('red', ending + why)}`;
  out.write(`${ruler}\n${out.paint('bold', group.nodeSet)} (${group.count})${words}\n${ruler}\n`);
  out.write(body(out, group.stdout));
  out.write(missing(group.stdout, group.stdoutBytes, 'standard output'));
  if (group.stderr.length > 0) {
    out.write(`${out.paint('yellow', '[standard error]')}\n`);
    out.write(body(out, group.stderr));
    out.write(missing(group.stderr, group.stderrBytes, 'standard error'));
  }
};

export const printFold = (out: Sink, fold: Fold): void => {
  for (const group of [...fold.groups].sort((a, b) => b.count - a.count)) printGroup(out, group);
  if (fold.silent !== '')
    out.write(`${ruler}\n${out.paint('bold', fold.silent)} ${out.paint('red', 'silent')}\n`);
};

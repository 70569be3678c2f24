// Owns showing what a push changed: identical changes once, with the nodes that had them.
import { foldNodeSet } from '@drover/api/node-set';
import type { Task } from '@drover/client';
import { type Change, type PushOutcome, toPushOutcome } from '@drover/client/outcome';
import { printable, type Sink } from '../output/terminal.ts';

const verbs: Readonly<Record<string, readonly [string, string]>> = {
  create: ['created', 'would be created'],
  update: ['updated', 'would be updated'],
  mode: ['mode changed', 'mode would change'],
  owner: ['owner changed', 'owner would change'],
  link: ['link changed', 'link would change'],
};

const colourOf = (line: string) =>
  line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : line.startsWith('@') ? 'cyan' : undefined;

const printDiff = (out: Sink, diff: string): void => {
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const colour = colourOf(line);
    const shown = out.isTerminal ? printable(line) : line;
    out.write(`${colour === undefined ? shown : out.paint(colour, shown)}\n`);
  }
};

const fullPath = (root: string, path: string): string =>
  path === '' ? root : `${root.replace(/\/$/, '')}/${path}`;

const printChange = (out: Sink, change: Change, root: string, check: boolean): void => {
  const [done, would] = verbs[change.action] ?? [change.action, change.action];
  out.write(`  ${printable(fullPath(root, change.path))}: ${check ? would : done}\n`);
  if (change.diff !== '') printDiff(out, change.diff);
};

const keyOf = (outcome: PushOutcome): string =>
  JSON.stringify([outcome.changes.filter((change) => change.action !== 'unchanged'), outcome.refused]);

/** Groups of nodes with the same changes. `all` also shows changes when there was no check. */
export const printPushOutcomes = (
  out: Sink,
  tasks: readonly Task[],
  options: { readonly root: string; readonly check: boolean; readonly all: boolean },
): void => {
  const groups = new Map<string, { readonly outcome: PushOutcome; readonly nodes: string[] }>();
  for (const task of tasks) {
    if (task.result?.detail === null || task.result === null) continue;
    const outcome = toPushOutcome(task);
    const key = keyOf(outcome);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { outcome, nodes: [task.node] });
    else group.nodes.push(task.node);
  }
  for (const { outcome, nodes } of groups.values()) {
    const changes = outcome.changes.filter((change) => change.action !== 'unchanged');
    const heading = `${out.paint('bold', foldNodeSet(nodes))} (${nodes.length})`;
    if (options.check && changes.length === 0) out.write(`${heading}: nothing would change\n`);
    const showsChanges = (options.check || options.all) && changes.length > 0;
    if (!showsChanges && outcome.refused.length === 0) continue;
    out.write(`${heading}:\n`);
    if (showsChanges) for (const change of changes) printChange(out, change, options.root, options.check);
    for (const { path, reason } of outcome.refused) {
      const text = `${printable(fullPath(options.root, path))}: refused: ${printable(reason)}`;
      out.write(`  ${out.paint('red', text)}\n`);
    }
  }
};

// As the controller answers a dry run: in full in the status, shortened in Warning headers.
import type { CommandRun } from '@drover/api';
import { expect, test } from 'vitest';
import { toNotes } from './notes.ts';

const answer = (message: string): CommandRun => ({ status: { message } }) as unknown as CommandRun;

test('each thing that is foreseen is told once, for what it is', () => {
  const noted = `is noted by rule r of run policy p (größer) on n[1-3] ${'x'.repeat(300)}`;
  const lines = ['waits for approval by rule a of run policy p on n1', noted, 'waits: it is closed, on n2'];
  const headers = [
    ...lines.map((line) => line.slice(0, 300).replace(/[^\x20-\x7e]/g, '?')),
    'Validation failed for policy q',
  ];
  expect(toNotes(answer(lines.join('\n')), headers)).toEqual([
    { kind: 'approval', text: lines[0] },
    { kind: 'noted', text: noted },
    { kind: 'later', text: lines[2] },
    { kind: 'warning', text: 'Validation failed for policy q' },
  ]);
});

test('where nothing is foreseen, nothing is told', () => {
  expect(toNotes(answer(''), [])).toEqual([]);
});

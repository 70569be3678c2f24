import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskRow } from '../store/store.ts';
import { planReconcile } from './reconcile.ts';

const row = (id: string, change: Partial<TaskRow> = {}): TaskRow => ({
  id,
  work: 'w',
  node: 'n1',
  index: 0,
  state: 'sent',
  cancelRequested: false,
  timeoutMs: 0,
  createdAtMs: 0,
  expiresAtMs: 0,
  sentAtMs: 1,
  startedAtMs: 0,
  finishedAtMs: 0,
  journalId: 'j1',
  doneBytes: 0,
  totalBytes: 0,
  message: '',
  result: null,
  change: 1,
  ...change,
});
const hello = (journalId: string, tasks: Readonly<Record<string, string>> = {}) => ({
  journalId,
  tasks: Object.entries(tasks).map(([taskId, state]) => ({ taskId, state })),
});
const nobody = new Map<string, TaskRow | undefined>();
const nothing = { forget: [], cancel: [], requeue: [], lost: [] };

describe('what becomes of tasks when an agent connects', () => {
  it.each([
    ['sent, unknown, same journal: it never arrived', row('a'), hello('j1'), { requeue: ['a'] }],
    ['sent, unknown, other journal: it may have run', row('a'), hello('j2'), { lost: ['a'] }],
    [
      'running, unknown, same journal',
      row('a', { state: 'running', startedAtMs: 5 }),
      hello('j1'),
      { lost: ['a'] },
    ],
    ['running, unknown, other journal', row('a', { state: 'running' }), hello('j2'), { lost: ['a'] }],
    ['sent, known as accepted', row('a'), hello('j1', { a: 'accepted' }), {}],
    ['running, known as running', row('a', { state: 'running' }), hello('j1', { a: 'running' }), {}],
    ['running, known as finished: its result will come', row('a'), hello('j1', { a: 'finished' }), {}],
    [
      'known, its cancel may not have arrived',
      row('a', { cancelRequested: true }),
      hello('j1', { a: 'running' }),
      { cancel: ['a'] },
    ],
  ] as const)('%s', (_, live, said, want) => {
    const plan = planReconcile(said, [live], nobody, 9);
    expect({ ...plan, lost: plan.lost.map((task) => task.id) }).toEqual({ ...nothing, ...want });
  });

  it.each([
    ['final here, finished there', row('a', { state: 'exited' }), 'finished', { forget: ['a'] }],
    ['deleted here, finished there', undefined, 'finished', { forget: ['a'] }],
    ['deleted here, running there', undefined, 'running', { cancel: ['a'] }],
    ['lost here, running there', row('a', { state: 'lost' }), 'running', { cancel: ['a'] }],
    ['queued here, known there: sending it again is harmless', row('a', { state: 'queued' }), 'accepted', {}],
  ] as const)('%s', (_, here, there, want) => {
    const plan = planReconcile(hello('j1', { a: there }), [], new Map([['a', here]]), 9);
    expect(plan).toEqual({ ...nothing, ...want });
  });

  it('a lost task says why and keeps when it was started', () => {
    const [lost] = planReconcile(
      hello('j2'),
      [row('a', { state: 'running', startedAtMs: 5 })],
      nobody,
      9,
    ).lost;
    expect(lost).toMatchObject({ state: 'lost', startedAtMs: 5, finishedAtMs: 9 });
    expect(lost?.result.reason).toContain('lost its journal');
  });

  it('every live task is left alone, sent again or lost; only proof of never having arrived sends again', () => {
    const states = fc.constantFrom('sent', 'running');
    const tasks = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.record({ state: states, journalId: fc.constantFrom('j1', 'j2') }),
    );
    const known = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.constantFrom('accepted', 'running', 'finished'),
    );
    fc.assert(
      fc.property(tasks, known, (rows, said) => {
        const live = Object.entries(rows).map(([id, change]) => row(id, change as Partial<TaskRow>));
        const plan = planReconcile(hello('j1', said), live, nobody, 9);
        const lost = plan.lost.map((task) => task.id);
        const kept = live.map((each) => each.id).filter((id) => id in said);
        expect([...plan.requeue, ...lost, ...kept].sort()).toEqual(live.map((each) => each.id).sort());
        for (const id of plan.requeue) expect(rows[id]).toEqual({ state: 'sent', journalId: 'j1' });
      }),
    );
  });
});

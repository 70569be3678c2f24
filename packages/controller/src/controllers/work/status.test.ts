import { emptyCounts } from '@drover/api';
import { describe, expect, test } from 'vitest';
import type { Progress } from '../../engine/engine.ts';
import { toEmptyStatus, toWorkStatus } from './status.ts';
import type { Work } from './work.ts';

const work = { metadata: { generation: 2 }, spec: { cancel: false } } as unknown as Work;
const nowMs = Date.parse('2026-03-01T12:00:00Z');

const statusOf = (change: Partial<Progress>, cancelled = false, of = work) =>
  toWorkStatus({
    work: of,
    cancelled,
    absence: () => 'not connected since 11:04 UTC',
    nowMs,
    progress: {
      counts: { ...emptyCounts, total: 3 },
      live: 0,
      phase: 'Running',
      currentBatch: 1,
      movedBytes: 0,
      message: '',
      absent: [],
      ...change,
    },
  });

describe('the phase', () => {
  test('is Succeeded only when every task is', () => {
    expect(statusOf({ counts: { ...emptyCounts, total: 3, succeeded: 3 } }).phase).toBe('Succeeded');
    const failed = statusOf({ counts: { ...emptyCounts, total: 3, succeeded: 2, lost: 1 } });
    expect(failed).toMatchObject({ phase: 'Failed', message: 'failed on 1 of 3 nodes' });
  });

  test('is Cancelling while tasks live and Cancelled when some ended so', () => {
    expect(statusOf({ live: 1 }, true).phase).toBe('Cancelling');
    expect(statusOf({ counts: { ...emptyCounts, total: 3, cancelled: 1 } }, true).phase).toBe('Cancelled');
  });

  test('is Paused with its cause', () => {
    const paused = statusOf({ live: 1, phase: 'Paused', message: 'waiting for approval' });
    expect(paused).toMatchObject({ phase: 'Paused', message: 'waiting for approval' });
    expect(paused.completionTime).toBeUndefined();
  });
});

describe('the message', () => {
  test('names the node that is waited for, or folds many', () => {
    expect(statusOf({ live: 1, absent: ['n7'] }).message).toBe(
      'waiting for node n7: not connected since 11:04 UTC',
    );
    expect(statusOf({ live: 2, absent: ['n7', 'n8'] }).message).toBe(
      'waiting for 2 nodes that are not connected: n[7-8]',
    );
  });
});

describe('the conditions', () => {
  test('say Complete or Failed, and keep the time of their last change', () => {
    const done = statusOf({ counts: { ...emptyCounts, total: 1, succeeded: 1 } });
    expect(done.conditions?.map((c) => [c.type, c.status])).toEqual([
      ['Complete', 'True'],
      ['Failed', 'False'],
    ]);
    const before = { ...statusOf({ live: 1 }), startTime: '2026-03-01T10:00:00Z' };
    const conditions = before.conditions?.map((c) => ({ ...c, lastTransitionTime: '2026-03-01T10:00:00Z' }));
    const older = { ...work, status: { ...before, conditions } } as Work;
    const after = statusOf({ counts: { ...emptyCounts, total: 1, succeeded: 1 } }, false, older);
    expect(after.startTime).toBe('2026-03-01T10:00:00Z');
    expect(after.conditions?.map((c) => c.lastTransitionTime)).toEqual([
      '2026-03-01T12:00:00Z',
      '2026-03-01T10:00:00Z',
    ]);
  });

  test('of work that cannot start give the reason', () => {
    const status = toEmptyStatus(work, 'Failed', 'cannot start: x', nowMs);
    expect(status).toMatchObject({ phase: 'Failed', message: 'cannot start: x', observedGeneration: 2 });
    expect(status.counts).toEqual(emptyCounts);
  });
});

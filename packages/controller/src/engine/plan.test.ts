// A whole run is played against the planner and the ledger: random strategy, outcomes, order and restarts.
import { isFinal, noResult, type Strategy, type TaskState } from '@drover/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Leave } from '../platform/fence.ts';
import type { TaskResult, TaskRow } from '../store/store.ts';
import { Ledger } from './ledger.ts';
import { batchEnds, type Decision, failureLimit, planRelease } from './plan.ts';

const result = (exitCode: number, reason: string): TaskResult => ({ ...noResult, exitCode, reason });

const newRow = (index: number): TaskRow => ({
  id: `w-${index}`,
  work: 'w',
  node: `n${index}`,
  index,
  state: 'waiting',
  cancelRequested: false,
  timeoutMs: 1000,
  createdAtMs: 0,
  expiresAtMs: 1e9,
  sentAtMs: 0,
  startedAtMs: 0,
  finishedAtMs: 0,
  journalId: '',
  doneBytes: 0,
  totalBytes: 0,
  message: '',
  result: null,
  change: index + 1,
});

interface Game {
  readonly total: number;
  readonly strategy: Strategy;
  /** By index, repeated: how the task ends. */
  readonly outcomes: readonly TaskState[];
  /** Which of the tasks at work ends next. */
  readonly picks: readonly number[];
  /** By step, repeated: whether the controller is killed and started again here. */
  readonly restarts: readonly boolean[];
}

const size = fc.oneof(
  fc.integer({ min: 0, max: 9 }),
  fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
);
const strategies: fc.Arbitrary<Strategy> = fc
  .record({
    width: fc.integer({ min: 0, max: 6 }),
    batches: fc.array(size, { maxLength: 4 }),
    pauseSeconds: fc.constantFrom(0, 0, 7),
    gate: fc.constantFrom('Automatic' as const, 'AfterFirst' as const, 'EveryBatch' as const),
    limit: fc.option(size, { nil: undefined }),
  })
  .map(({ limit, ...rest }) => ({
    ...rest,
    approvedBatches: 0,
    ...(limit === undefined ? {} : { maxFailures: limit }),
  }));
const outcomes = fc.array(
  fc.constantFrom<TaskState>('exited', 'exited', 'exited', 'signalled', 'timed-out', 'lost', 'unreachable'),
  { minLength: 1, maxLength: 12 },
);
const games: fc.Arbitrary<Game> = fc.record({
  total: fc.integer({ min: 0, max: 40 }),
  strategy: strategies,
  outcomes,
  picks: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
  restarts: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
});

/** Plays one run to its end, checking the invariants of plan.ts at every step. */
class Play {
  readonly game: Game;
  rows: TaskRow[];
  ledger: Ledger;
  nowMs = 1_000_000;
  approved = 0;
  changes = 1000;
  ends = 0;

  constructor(game: Game) {
    this.game = game;
    this.rows = Array.from({ length: game.total }, (_, index) => newRow(index));
    this.ledger = this.build();
  }

  strategy(): Strategy {
    return { ...this.game.strategy, approvedBatches: this.approved };
  }

  build(): Ledger {
    const ledger = new Ledger('w', this.rows, this.strategy(), this.nowMs);
    for (let index = 0; index < this.game.total; index++) ledger.setConnected(index, true);
    return ledger;
  }

  change(index: number, change: Partial<TaskRow>): void {
    const before = this.rows[index] ?? newRow(index);
    if (isFinal(before.state)) throw new Error(`task ${index} would end twice`);
    const row = { ...before, ...change, change: ++this.changes };
    this.rows[index] = row;
    this.ledger.apply(row, this.nowMs);
    if (isFinal(row.state)) this.ends++;
  }

  atWork(): readonly TaskRow[] {
    return this.rows.filter((row) => row.state === 'queued');
  }

  failures(): number {
    return this.rows.filter(
      (row) =>
        isFinal(row.state) && row.result?.exitCode !== 0 && !row.result?.reason.startsWith('stopped: '),
    ).length;
  }

  decide(step: number): Decision {
    if (this.game.restarts[step % this.game.restarts.length]) this.ledger = this.build();
    return planRelease(this.ledger.standing(this.nowMs));
  }

  checkRelease(index: number): void {
    const { strategy, total } = this.game;
    const ends = batchEnds(strategy.batches, total);
    const batch = ends.findIndex((end) => index < end);
    const before = this.rows.slice(0, ends[batch - 1] ?? 0);
    expect(before.every((row) => isFinal(row.state))).toBe(true);
    if (strategy.gate === 'EveryBatch') expect(this.approved).toBeGreaterThanOrEqual(batch);
    if (strategy.gate === 'AfterFirst' && batch > 0) expect(this.approved).toBeGreaterThanOrEqual(1);
    const lastEndMs = Math.max(0, ...before.map((row) => row.finishedAtMs));
    if (batch > 0) expect(this.nowMs).toBeGreaterThanOrEqual(lastEndMs + strategy.pauseSeconds * 1000);
    expect(this.failures()).toBeLessThanOrEqual(failureLimit(strategy.maxFailures, total));
  }

  obey(decision: Decision): void {
    if (decision.stop !== undefined) {
      for (const row of this.rows.filter((r) => r.state === 'waiting' || r.state === 'queued')) {
        this.end(row.index, 'never-started', decision.stop);
      }
      return;
    }
    for (const index of decision.release) {
      this.checkRelease(index);
      this.ledger.released(index);
      this.change(index, { state: 'queued' });
    }
    const { width } = this.game.strategy;
    if (width > 0) expect(this.atWork().length).toBeLessThanOrEqual(width);
  }

  end(index: number, state: TaskState, reason = ''): void {
    const exitCode = state === 'exited' ? 0 : -1;
    this.change(index, { state, finishedAtMs: this.nowMs, result: result(exitCode, reason) });
  }

  /** Something happens outside: a task ends, or time passes, or somebody approves. */
  event(step: number, decision: Decision): void {
    this.nowMs += 10;
    const busy = this.atWork();
    const picked = busy[(this.game.picks[step % this.game.picks.length] ?? 0) % Math.max(1, busy.length)];
    if (picked) {
      this.end(picked.index, this.game.outcomes[picked.index % this.game.outcomes.length] ?? 'exited');
    } else if (decision.wakeAtMs !== undefined) {
      this.nowMs = decision.wakeAtMs;
    } else if (decision.phase === 'Paused') {
      this.approved++;
      this.ledger.setStrategy(this.strategy());
    }
  }

  run(): this {
    for (let step = 0; step < 1000; step++) {
      const decision = this.decide(step);
      if (decision.phase === 'Done') return this;
      this.obey(decision);
      this.event(step, decision);
    }
    throw new Error('the run does not end');
  }
}

describe('batches', () => {
  test('a canary, a share and the rest cover every node once', () => {
    expect(batchEnds([1, '5%', '100%'], 100)).toEqual([1, 6, 100]);
  });
  test('the last size repeats', () => {
    expect(batchEnds([1, 3], 9)).toEqual([1, 4, 7, 9]);
  });
  test('no sizes are one batch, and no nodes are no batch', () => {
    expect(batchEnds([], 7)).toEqual([7]);
    expect(batchEnds([2], 0)).toEqual([]);
  });
  test('a size of nothing still moves on', () => {
    expect(batchEnds(['0%', 0], 3)).toEqual([1, 2, 3]);
  });
  test('a share of failures is rounded down', () => {
    expect(failureLimit('10%', 25)).toBe(2);
    expect(failureLimit(undefined, 25)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a whole run', () => {
  test('keeps width, batches, gates, pauses and the failure limit, and every task ends once', () => {
    fc.assert(
      fc.property(games, (game) => {
        const play = new Play(game).run();
        expect(play.rows.every((row) => isFinal(row.state))).toBe(true);
        expect(play.ends).toBe(game.total);
      }),
      { numRuns: 500 },
    );
  });

  test('ends the same whether or not the controller is restarted on the way', () => {
    fc.assert(
      fc.property(games, (game) => {
        const calm = new Play({ ...game, restarts: [false] }).run();
        const rough = new Play(game).run();
        expect(rough.rows).toEqual(calm.rows);
      }),
      { numRuns: 500 },
    );
  });

  test('is stopped beyond the failure limit with a reason that keeps its number', () => {
    const strategy = {
      width: 1,
      batches: [],
      pauseSeconds: 0,
      gate: 'Automatic' as const,
      approvedBatches: 0,
    };
    for (const restarted of [true, false]) {
      const game = { total: 9, outcomes: ['lost' as const], picks: [0], restarts: [restarted] };
      const play = new Play({ ...game, strategy: { ...strategy, maxFailures: 2 } }).run();
      const states = play.rows.map((row) => row.state);
      expect(states).toEqual([...Array(3).fill('lost'), ...Array(6).fill('never-started')]);
      const reason = 'stopped: 3 failures (limit 2)';
      expect(new Set(play.rows.slice(3).map((row) => row.result?.reason))).toEqual(new Set([reason]));
      // What was stopped does not count as failed afterwards.
      expect(planRelease(play.ledger.standing(play.nowMs)).message).toBe(reason);
    }
  });

  test('with a width, gives the places to nodes that are connected', () => {
    const strategy = {
      width: 2,
      batches: [],
      pauseSeconds: 0,
      gate: 'Automatic' as const,
      approvedBatches: 0,
    };
    const ledger = new Ledger('w', [0, 1, 2, 3].map(newRow), strategy, 0);
    ledger.setConnected(1, true);
    ledger.setConnected(3, true);
    expect(planRelease(ledger.standing(0)).release).toEqual([1, 3]);
  });
});

describe('the fence', () => {
  const rows = Array.from({ length: 4 }, (_, index) => newRow(index));
  const strategy = { width: 2, batches: [], pauseSeconds: 0, gate: 'Automatic', approvedBatches: 0 } as const;
  const decide = (leaves: readonly Leave[], wish: Partial<Strategy> = {}): Decision => {
    const ledger = new Ledger('w', rows, { ...strategy, ...wish, batches: [] }, 0);
    for (const index of rows.keys()) ledger.setConnected(index, index !== 3);
    return planRelease({ ...ledger.standing(0), leave: (index) => leaves[index] ?? { kind: 'go' } });
  };
  const hold = (untilMs: number): Leave => ({ kind: 'hold', why: `at ${untilMs}`, untilMs });

  test('what it holds back takes no place of another, and is told with the first time of all', () => {
    const decision = decide([hold(9), hold(5)]);
    expect(decision).toMatchObject({
      release: [2],
      phase: 'Running',
      message: '2 nodes wait: at 5',
      wakeAtMs: 5,
    });
  });

  test('work of which nothing but that is left is paused', () => {
    const decision = decide([hold(9), hold(9), hold(9), hold(9)]);
    expect(decision).toMatchObject({
      release: [],
      phase: 'Paused',
      message: '4 nodes wait: at 9',
      wakeAtMs: 9,
    });
    expect(decide([hold(Number.POSITIVE_INFINITY)]).wakeAtMs).toBeUndefined();
  });

  test('what it refuses ends, connected or not; what is free goes to connected nodes only', () => {
    const no: Leave = { kind: 'refuse', why: 'no' };
    const decision = decide([{ kind: 'go' }, no, { kind: 'go' }, no], { width: 0 });
    expect(decision.release).toEqual([0, 2]);
    expect(decision.refuse).toEqual([
      { index: 1, why: 'no' },
      { index: 3, why: 'no' },
    ]);
    expect(decide([], { width: 0 }).release).toEqual([0, 1, 2]);
  });
});

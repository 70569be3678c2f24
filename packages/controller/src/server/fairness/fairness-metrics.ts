// Owns what /metrics says of the priority levels. They are read when they are asked for: counting costs requests nothing.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Fairness } from './fairness.ts';
import { levelNames } from './flows.ts';
import type { Level } from './level.ts';

const perLevel = (
  registry: Registry,
  { level }: Fairness,
  name: string,
  help: string,
  read: (level: Level) => number,
): void => {
  const metric: Gauge<'level'> = new Gauge({
    name,
    help,
    labelNames: ['level'],
    registers: [registry],
    collect: (): void => {
      for (const each of levelNames) metric.set({ level: each }, read(level(each)));
    },
  });
};

export const observeFairness = (registry: Registry, fairness: Fairness): void => {
  const add = (name: string, help: string, read: (level: Level) => number): void =>
    perLevel(registry, fairness, name, help, read);
  add('drover_flow_queued', 'Requests that wait for a seat', (level) => level.counts().queued);
  add('drover_flow_executing', 'Requests under way', (level) => level.counts().executing);
  add('drover_flow_seats', 'Seats that are taken', (level) => level.counts().seats);
  add(
    'drover_flow_long_running',
    'Watches, logs, shells and transfers',
    (level) => level.counts().longRunning,
  );
  const rejected: Counter<'level' | 'reason'> = new Counter({
    name: 'drover_flow_rejected_total',
    help: 'Requests refused with 429 so far, by reason',
    labelNames: ['level', 'reason'],
    registers: [registry],
    collect: (): void => {
      rejected.reset();
      for (const level of levelNames) {
        for (const [reason, count] of Object.entries(fairness.level(level).rejected)) {
          rejected.inc({ level, reason }, count);
        }
      }
    },
  });
};

// Owns reading what a node says about a finished transfer (docs/protocol.md section 4).
import type { Task } from '@drover/api';

/** What was not copied, and why. */
export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface Change {
  readonly path: string;
  readonly action: string;
  readonly diff: string;
}

export interface PushOutcome {
  readonly files: number;
  readonly bytesSent: number;
  readonly bytesSkipped: number;
  readonly changes: readonly Change[];
  readonly refused: readonly Refused[];
}

export interface PullOutcome {
  /** '' when nothing could be read. */
  readonly manifest: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly refused: readonly Refused[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const count = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? (value as unknown[]).filter(isRecord) : [];

const refusedOf = (detail: Record<string, unknown>): readonly Refused[] =>
  list(detail['refused']).map((item) => ({ path: text(item['path']), reason: text(item['reason']) }));

const detailOf = (task: Task): Record<string, unknown> => {
  const detail = task.result?.detail;
  return isRecord(detail) ? detail : {};
};

export const toPushOutcome = (task: Task): PushOutcome => {
  const detail = detailOf(task);
  return {
    files: count(detail['files']),
    bytesSent: count(detail['bytesSent']),
    bytesSkipped: count(detail['bytesSkipped']),
    changes: list(detail['changes']).map((change) => ({
      path: text(change['path']),
      action: text(change['action']),
      diff: text(change['diff']),
    })),
    refused: refusedOf(detail),
  };
};

export const toPullOutcome = (task: Task): PullOutcome => {
  const detail = detailOf(task);
  const manifest = text(detail['manifest']);
  return {
    manifest: /^[0-9a-f]{64}$/.test(manifest) ? manifest : '',
    files: count(detail['files']),
    sizeBytes: count(detail['sizeBytes']),
    refused: refusedOf(detail),
  };
};

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChangeRecord, ChangeWindow } from './window.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} };
const toRecord = (revision: number): ChangeRecord =>
  new ChangeRecord({ revision, type: 'ADDED', of: { key: `k${revision % 3}`, object }, before: undefined });

/** Revisions of the records from a position to the end. */
const readFrom = (window: ChangeWindow, position: number): readonly number[] => {
  const revisions: number[] = [];
  for (let at = position; ; at++) {
    const record = window.at(at);
    if (record === undefined || record === 'lost') return revisions;
    revisions.push(record.revision);
  }
};

test('from any revision a window gives every later change or says that some are lost', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 10 }), fc.nat(100), fc.nat(5), (steps, limit, old, keep) => {
      const window = new ChangeWindow(10, limit);
      const revisions: number[] = [];
      for (const step of steps) {
        revisions.push((revisions.at(-1) ?? 10) + step);
        window.append(toRecord(revisions.at(-1) ?? 0));
      }
      window.trim(old, keep);

      for (let from = 10; from <= (revisions.at(-1) ?? 10); from++) {
        const position = window.positionAfter(from);
        const later = revisions.filter((revision) => revision > from);
        if (position === 'lost') expect(later.length).toBeGreaterThan(Math.min(keep, later.length - 1));
        else expect(readFrom(window, position)).toEqual(later);
      }
      expect(window.end - readFrom(window, 0).length).toBeGreaterThanOrEqual(0);
    }),
  );
});

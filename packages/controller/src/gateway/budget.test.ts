import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from './budget.ts';

describe('byte budget', () => {
  it('grants in order of asking, and a small one does not overtake a large one that waits', () => {
    const budget = new ByteBudget(100);
    const granted: string[] = [];
    expect(budget.acquire(80, () => undefined)).toBeUndefined();
    budget.acquire(90, () => granted.push('large'));
    budget.acquire(5, () => granted.push('small'));
    budget.give(80);
    expect([granted, budget.used]).toEqual([['large', 'small'], 95]);
  });

  it('who withdraws lets the next one in', () => {
    const budget = new ByteBudget(100);
    let granted = 0;
    budget.take(50);
    const withdraw = budget.acquire(90, () => undefined);
    budget.acquire(10, () => granted++);
    withdraw?.();
    budget.give(0);
    expect(granted).toBe(1);
  });

  it('is never over its limit but for one alone, and always empties', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 40 }), (asks) => {
        const budget = new ByteBudget(100);
        const held: number[] = [];
        for (const bytes of asks) {
          const hold = () => void held.push(bytes);
          if (!budget.acquire(bytes, hold)) hold();
          expect(budget.used <= 100 || held.filter((size) => size > 0).length === 1).toBe(true);
        }
        for (let bytes = held.shift(); bytes !== undefined; bytes = held.shift()) budget.give(bytes);
        expect(budget.used).toBe(0);
      }),
    );
  });
});

// Owns how much work an expression may do: each call and each round of a loop is paid for, by the size of what it reads.
// I1: whoever has nothing left stops: calls fail and loops end, whatever the expression does with the failure.
// I2: costs count steps, not time: the same expression on the same values always costs the same.
import { type CelValue, isCelList, isCelMap } from '@bufbuild/cel';

export interface Budget {
  left: number;
}

/** Steps for one request: some tenths of a second at most. */
export const requestBudget = 100_000;

let active: Budget = { left: 0 };

/** Runs with a budget: evaluation is synchronous, so one is active at a time. */
export const withBudget = <T>(budget: Budget, run: () => T): T => {
  const before = active;
  active = budget;
  try {
    return run();
  } finally {
    active = before;
  }
};

/** Whether there was enough left. */
export const pay = (steps: number): boolean => {
  active.left -= steps;
  return active.left >= 0;
};

/** Pays, or throws an Error (I1). */
export const charge = (steps: number): void => {
  if (!pay(steps)) throw new Error(exhausted);
};

export const exhausted = 'the expression needs more steps than a request has';

const charsPerStep = 16;

/** Steps to read a value once, without what is in it. */
export const sizeOf = (value: CelValue | undefined): number => {
  if (typeof value === 'string') return value.length / charsPerStep;
  if (value instanceof Uint8Array) return value.length / charsPerStep;
  return isCelList(value) || isCelMap(value) ? value.size : 0;
};

/** Pays for reading a value with all that is in it. Throws an Error. */
export const chargeDeep = (value: CelValue | undefined): void => {
  charge(1 + sizeOf(value));
  if (isCelList(value)) for (const item of value) chargeDeep(item);
  else if (isCelMap(value)) for (const item of value.values()) chargeDeep(item);
};

// Owns the slowing of guessers: failed sign-ins per address.
// I1: an address that fails more than `burst` times waits `refillMs` per further try.
// I2: memory is bounded: the address that failed longest ago is forgotten first.
import type { Clock } from '../platform/clock.ts';

export interface Throttle {
  /** Milliseconds that this address has to wait before its next try; 0: it may try. */
  waitMs(address: string): number;
  failed(address: string): void;
  /** How many addresses are remembered (I2). */
  size(): number;
}

const burst = 20;
const refillMs = 3000;
const maxAddresses = 10_000;

/** An IPv6 address counts with its whole /64: one host may own it. */
export const addressKey = (address: string): string => {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (!plain.includes(':')) return plain;
  const [before = '', after] = plain.split('::');
  const groups = before.split(':').filter((group) => group !== '');
  if (after !== undefined) {
    const rest = after === '' ? [] : after.split(':');
    groups.push(...Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest);
  }
  return groups.slice(0, 4).join(':');
};

export const createThrottle = (clock: Clock): Throttle => {
  /** Address → time at which all its failures are forgiven. */
  const debts = new Map<string, number>();
  return {
    size: () => debts.size,
    waitMs: (address) => {
      const until = debts.get(addressKey(address)) ?? 0;
      return Math.max(0, until - clock.nowMs() - burst * refillMs);
    },
    failed: (address) => {
      const key = addressKey(address);
      const nowMs = clock.nowMs();
      const until = Math.max(debts.get(key) ?? 0, nowMs) + refillMs;
      debts.delete(key);
      debts.set(key, until);
      for (const [oldest, end] of debts) {
        if (end > nowMs && debts.size <= maxAddresses) break;
        debts.delete(oldest);
      }
    },
  };
};

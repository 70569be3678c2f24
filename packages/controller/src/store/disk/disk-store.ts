// Owns what others see of the disk that everything is on.
import type { DiskFault } from '../../platform/disk-refusal.ts';
import type { Unsubscribe } from '../store.ts';

export type DiskCondition =
  | {
      readonly state: 'ok';
      /** The last time that it was otherwise. */
      readonly lastFault?: {
        readonly state: DiskFault;
        readonly why: string;
        readonly sinceMs: number;
        readonly seconds: number;
      };
    }
  | { readonly state: DiskFault; readonly sinceMs: number; readonly why: string };

export interface DiskStore {
  readonly condition: DiskCondition;
  /** Of the room that is given up when the disk is full; 0: there is none. */
  readonly reserveBytes: number;
  onChange(listener: (condition: DiskCondition) => void): Unsubscribe;
  /** Throws what writes are refused with while the disk cannot be written. */
  check(): void;
  /** Resolves at the next change of its condition, or after the time. */
  changed(timeoutMs: number): Promise<void>;
  /** Makes the reserve, or makes it anew, beside other work. */
  keepReserve(): void;
  /** Does work whose few writes are to be made on a full disk, too. */
  outOfReserve<T>(work: () => Promise<T>): Promise<T>;
}

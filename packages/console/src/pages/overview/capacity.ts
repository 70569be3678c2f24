// Owns adding up what the fleet has.
import type { Node } from '@drover/api';

const sizes: Readonly<Record<string, number>> = {
  '': 1,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  m: 1e-3,
};

/** A Kubernetes quantity as a number; NaN for what is none. */
export const quantity = (text: string): number => {
  const [, number = '', unit = ''] = /^([0-9.]+)(Ki|Mi|Gi|Ti|k|M|G|T|m)?$/.exec(text) ?? [];
  return number === '' ? Number.NaN : Number(number) * (sizes[unit] ?? Number.NaN);
};

export interface Capacity {
  readonly cpus: number;
  readonly memoryBytes: number;
}

export const capacityOf = (nodes: readonly Node[]): Capacity => {
  const sum = (name: string): number =>
    nodes
      .map(({ status }) => quantity(String(status?.capacity?.[name] ?? '0')))
      .reduce((a, b) => a + (b || 0), 0);
  return { cpus: sum('cpu'), memoryBytes: sum('memory') };
};

export const toGib = (bytes: number): string =>
  `${(bytes / 1024 ** 3).toFixed(bytes < 100 * 1024 ** 3 ? 1 : 0)} GiB`;

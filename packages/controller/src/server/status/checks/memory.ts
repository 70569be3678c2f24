// Judges the memory of the machine that the controller is on.

import type { Check, ServerFacts } from '@drover/api';
import { toSize } from '@drover/api';

const lowShare = 0.05;

export const checkMemory = ({ memory }: ServerFacts): Check => {
  const { residentBytes, machineBytes, machineFreeBytes } = memory;
  const message = `the controller has ${toSize(residentBytes)}; ${toSize(machineFreeBytes)} of ${toSize(machineBytes)} are free`;
  if (machineFreeBytes >= machineBytes * lowShare) return { name: 'memory', verdict: 'ok', message };
  return {
    name: 'memory',
    verdict: 'warn',
    message,
    remedy: 'end what else runs on this machine, or give it more memory',
  };
};

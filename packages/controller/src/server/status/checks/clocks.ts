// Judges the clocks of the nodes: certificates, signed requests and expiry go by them.
import type { Check, ServerFacts } from '@drover/api';

const farMs = 60_000;

export const checkClocks = ({ nodes: { clockSkew, connected } }: ServerFacts): Check => {
  const name = 'clocks';
  const [worst] = clockSkew;
  if (worst === undefined)
    return { name, verdict: 'ok', message: `those of ${connected} connected nodes agree with ours` };
  const side = worst.milliseconds > 0 ? 'ahead' : 'behind';
  const seconds = (Math.abs(worst.milliseconds) / 1_000).toFixed(1);
  return {
    name,
    verdict: Math.abs(worst.milliseconds) > farMs ? 'fail' : 'warn',
    message: `${worst.node} is ${seconds} s ${side}; ${clockSkew.length} differ by more than a second`,
    remedy: 'let a time service (chrony, systemd-timesyncd) set the clocks there, and here',
  };
};

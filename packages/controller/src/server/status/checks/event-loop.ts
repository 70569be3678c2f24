// Judges whether the controller has time for everybody.
import type { Check, ServerFacts } from '@drover/api';

const slowMs = 200;
const stuckMs = 2_000;

export const checkEventLoop = ({ eventLoop: { p99DelayMs, maxDelayMs }, requests }: ServerFacts): Check => {
  const name = 'load';
  const queued = Object.values(requests).reduce((sum, level) => sum + level.queued, 0);
  const message = `work waits ${Math.round(p99DelayMs)} ms (of a hundred one longer), at most ${Math.round(maxDelayMs)} ms; ${queued} requests wait`;
  if (p99DelayMs < slowMs) return { name, verdict: 'ok', message };
  return {
    name,
    verdict: p99DelayMs < stuckMs ? 'warn' : 'fail',
    message,
    remedy: 'see who asks so much: drover audit list, /metrics; or give the machine more processors',
  };
};

// Judges the audit trail and its copy.
import type { Check, ServerFacts } from '@drover/api';

export const checkAudit = ({ audit: { rows, head, refusal, ahead = [] } }: ServerFacts): Check => {
  const name = 'audit';
  const [missing] = ahead;
  if (refusal !== undefined)
    return {
      name,
      verdict: 'fail',
      message: `no change is taken: ${refusal}`,
      remedy: 'let audit.log be written again, or start without --audit-required',
    };
  if (missing !== undefined) return { name, verdict: 'fail', ...missing };
  return { name, verdict: 'ok', message: `row ${rows}, head ${head.slice(0, 12)}` };
};

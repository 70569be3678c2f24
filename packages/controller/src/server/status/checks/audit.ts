// Judges the audit trail and its copy.
import type { Check, ServerFacts } from '@drover/api';

export const checkAudit = ({ audit: { rows, head, refusal } }: ServerFacts): Check =>
  refusal === undefined
    ? { name: 'audit', verdict: 'ok', message: `row ${rows}, head ${head.slice(0, 12)}` }
    : {
        name: 'audit',
        verdict: 'fail',
        message: `no change is taken: ${refusal}`,
        remedy: 'let audit.log be written again, or start without --audit-required',
      };

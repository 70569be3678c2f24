// Judges when the certificates of the controller itself end.
import type { Check, ServerFacts } from '@drover/api';
import { toSpan } from '../words.ts';

/** The server's is remade at a start when a third of its life is left: 132 days. */
const soonSeconds = 30 * 86_400;

export const checkCertificates = ({ certificates, measuredAt }: ServerFacts): Check => {
  const name = 'certificates';
  const left = certificates.map(({ of, notAfter }) => ({
    of,
    notAfter,
    seconds: (Date.parse(notAfter) - Date.parse(measuredAt)) / 1_000,
  }));
  const first = left.sort((a, b) => a.seconds - b.seconds)[0];
  if (first === undefined) return { name, verdict: 'ok', message: 'there are none' };
  const remedy =
    first.of === 'server'
      ? 'start the controller again: it makes itself a new one'
      : 'set up a new controller and let the servers join it: the authority cannot be made longer';
  if (first.seconds <= 0)
    return { name, verdict: 'fail', message: `that of the ${first.of} expired ${first.notAfter}`, remedy };
  const message = `the first to end is that of the ${first.of}: ${first.notAfter}, in ${toSpan(first.seconds)}`;
  return first.seconds < soonSeconds
    ? { name, verdict: 'warn', message, remedy }
    : { name, verdict: 'ok', message };
};

// Judges how many of the nodes are connected.
import type { Check, ServerFacts } from '@drover/api';

export const checkNodes = ({ nodes: { known, connected } }: ServerFacts): Check => {
  const name = 'nodes';
  const message = `${connected} of ${known} are connected`;
  if (connected >= known) return { name, verdict: 'ok', message };
  return {
    name,
    verdict: connected * 2 < known ? 'fail' : 'warn',
    message,
    remedy: 'see which with: drover nodes; there, look at: systemctl status drover-agent',
  };
};

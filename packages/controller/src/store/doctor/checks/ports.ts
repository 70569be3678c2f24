// Judges whether the ports of the controller are free, or its own.
import type { Check } from '@drover/api';
import type { MachineFacts, PortFact } from '../facts.ts';

const told = ({ option, port, holder }: PortFact): string => {
  const who =
    holder?.pid === undefined ? "another user's process" : `process ${holder.pid} (${holder.program})`;
  return `--${option} ${port} is taken by ${who}`;
};

export const checkPorts = ({ ports, holder: own }: MachineFacts): Check => {
  const name = 'ports';
  const taken = ports.filter(({ holder }) => holder !== undefined && holder.pid !== own?.pid);
  if (taken.length > 0)
    return {
      name,
      verdict: 'fail',
      message: taken.map(told).join('; '),
      remedy: 'stop that program, or start the controller with other ports (--port, --agent-port)',
    };
  const numbers = ports.map(({ port }) => port).join(' and ');
  return { name, verdict: 'ok', message: `${numbers} are free, or the controller's own` };
};

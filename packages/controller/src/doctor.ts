// Owns `drover-controller doctor`: what is wrong with an installation whose controller does not answer (store/doctor/).
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError, type Check } from '@drover/api';
import { keySourceFlags, takeKeySource } from './key-source-option.ts';
import { systemClock } from './platform/clock.ts';
import { examine } from './store/doctor/examine.ts';
import { storeFlags, takeStore } from './store-option.ts';

const usage =
  'usage: drover-controller doctor --data-dir DIR [--store URL] [--port N] [--agent-port N] [--secrets-key-file FILE | --secrets-passphrase-file FILE] [--json]';

const options = {
  'data-dir': { type: 'string' },
  port: { type: 'string', default: '7443' },
  'agent-port': { type: 'string', default: '7444' },
  json: { type: 'boolean', default: false },
  store: storeFlags.store,
  ...keySourceFlags,
} as const;

const toLine = ({ verdict, name, message, remedy }: Check): string =>
  `${verdict.padEnd(5)}${name}: ${message}${remedy === undefined ? '' : `; ${remedy}`}\n`;

/** Exit code 1 when something is wrong. Throws ApiError, and errors of parseArgs. */
export const runDoctor = async (
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> => {
  const { values } = parseArgs({ args: [...words], options });
  const dataDir = values['data-dir'];
  const [port, agentPort] = [Number(values.port), Number(values['agent-port'])];
  if (dataDir === undefined || !Number.isInteger(port) || !Number.isInteger(agentPort))
    throw new ApiError('BadRequest', usage);
  const source = takeKeySource(values, environment);
  const url = takeStore(values, environment);
  const asked = { dataDir: resolve(dataDir), url, port, agentPort, source, nowMs: systemClock.nowMs() };
  const checks = await examine(asked);
  if (checks.some(({ verdict }) => verdict === 'fail')) process.exitCode = 1;
  return values.json ? `${JSON.stringify({ checks })}\n` : checks.map(toLine).join('');
};

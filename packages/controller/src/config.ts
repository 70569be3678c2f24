// Owns the controller's options: parsed once, from the command line.
import { hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError } from '@drover/api';

export interface Config {
  readonly dataDir: string;
  /** Address to listen on. */
  readonly host: string;
  readonly port: number;
  readonly agentPort: number;
  /** Names and addresses by which others reach us, for the certificate; the first stands in join lines. */
  readonly addresses: readonly string[];
  /** Whether this machine is enrolled as a node. */
  readonly localNode: boolean;
  readonly logLevel: string;
}

export const usage = `usage: npm start -- [options]
  --data-dir DIR      where everything is kept (default ./var)
  --host ADDRESS      address to listen on (default 0.0.0.0)
  --port N            port for people and programs (default 7443)
  --agent-port N      port for agents (default 7444)
  --address NAME      name or address by which servers reach this controller; may be repeated, the first stands in join lines
  --no-local-node     do not enrol this machine
  --log-level LEVEL   debug, info, warn or error (default info; the log is <data-dir>/controller.log)`;

const parsePort = (text: string, option: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new ApiError('BadRequest', `cannot start: --${option} must be a port number, not "${text}"`);
  return port;
};

/** Addresses of this machine that others may use: IPv4 first, then IPv6, then names. */
const ownAddresses = (): readonly string[] => {
  const all = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'));
  const of = (family: string) => all.filter((entry) => entry.family === family).map((entry) => entry.address);
  return [...of('IPv4'), ...of('IPv6'), hostname(), 'localhost', '127.0.0.1', '::1'];
};

/** @throws ApiError BadRequest naming the option. */
export const parseConfig = (argv: readonly string[]): Config | 'help' => {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      'data-dir': { type: 'string', default: 'var' },
      host: { type: 'string', default: '0.0.0.0' },
      port: { type: 'string', default: '7443' },
      'agent-port': { type: 'string', default: '7444' },
      address: { type: 'string', multiple: true, default: [] },
      'local-node': { type: 'boolean', default: true },
      'log-level': { type: 'string', default: 'info' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    dataDir: resolve(values['data-dir']),
    host: values.host,
    port: parsePort(values.port, 'port'),
    agentPort: parsePort(values['agent-port'], 'agent-port'),
    addresses: [...new Set([...values.address, ...ownAddresses()])],
    localNode: values['local-node'],
    logLevel: values['log-level'],
  };
};

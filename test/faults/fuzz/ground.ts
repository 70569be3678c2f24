// Owns what every door of the fuzz test needs: one real controller, a way to ask it anything, and the law for answers.
// I1: an answer is a success, a bare 431 (overlong headers), or a 4xx Status whose reason and message (and, when an
// object is invalid, paths) say why.
// I2: it comes within `caseMs`; what takes longer is a hang.
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import type { Status } from '@drover/api';
import { type Client, createClient } from '@drover/client';
import fc from 'fast-check';
import { expect } from 'vitest';
import { ControllerProcess } from '../../harness/controller.ts';

/** How long one case may take. */
export const caseMs = 15_000;

export interface Answer {
  readonly code: number;
  readonly text: string;
}

export interface Ask {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Ground {
  readonly controller: ControllerProcess;
  readonly client: Client;
  /** Rejects when there is no answer in time, or none at all. */
  ask(ask: Ask): Promise<Answer>;
}

/** One way in, with its share of all cases. */
export interface Door {
  readonly name: string;
  readonly share: number;
  open(ground: Ground): Promise<OpenDoor> | OpenDoor;
}

export interface OpenDoor {
  fuzz(runs: number): Promise<void>;
  /** What must hold after all; and undoes what opening did. */
  close?(): Promise<void>;
}

/** More than the head of a request may be (Node.js' own limit). */
const maxHeadBytes = 16 * 1024;

/**
 * An overlong head is refused while it still comes in: whether its sender reads the refusal (431) or only finds the
 * connection closed is a race between the two (RFC 9112 section 9.6), and both are clean.
 */
const isRefusedOnTheWay = (error: NodeJS.ErrnoException, { path, headers }: Ask): boolean =>
  (error.code === 'ECONNRESET' || error.code === 'EPIPE') &&
  path.length + JSON.stringify(headers ?? {}).length > maxHeadBytes;

const exchange = (origin: string, token: string, agent: Agent, ask: Ask) =>
  new Promise<Answer>((resolve, reject) => {
    const { method, path, headers, body } = ask;
    const all = { authorization: `Bearer ${token}`, 'content-length': String(body?.length ?? 0), ...headers };
    const signal = AbortSignal.timeout(caseMs);
    const outgoing = request(`${origin}${path}`, { method, agent, headers: all, signal }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ code: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
      );
    });
    outgoing.on('error', (error) => {
      if (isRefusedOnTheWay(error, ask)) resolve({ code: 431, text: '' });
      else reject(error);
    });
    outgoing.end(body);
  });

export const openFuzzGround = async (): Promise<Ground & { close(): Promise<void> }> => {
  const controller = await ControllerProcess.start();
  const { address, caPem, token } = controller.context;
  const agent = new Agent({ keepAlive: true, ca: caPem, maxSockets: 4 });
  const client = createClient(controller.context);
  return {
    controller,
    client,
    ask: (ask) => exchange(address, token, agent, ask),
    close: async () => {
      client.close();
      agent.destroy();
      await controller.close();
    },
  };
};

/**
 * The answers above 499 that are clean: a list from a future that has not come (as Kubernetes has it, 504 with this
 * cause), an upload larger than the disk (507), and a wish to an agent that is not connected (503).
 */
const isForeseen = ({ reason, message, details }: Status): boolean =>
  reason === 'InsufficientStorage' ||
  (reason === 'ServiceUnavailable' && (message?.endsWith('it is not connected') ?? false)) ||
  (details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') ?? false);

/** I1. `what` is told when it is broken. */
export const expectClean = ({ code, text }: Answer, what: unknown): void => {
  const told = `${code} ${text.slice(0, 500)} for ${JSON.stringify(what)?.slice(0, 1000)}`;
  expect(code, told).toBeGreaterThanOrEqual(200);
  if (code < 400 || code === 431) return;
  expect(text, told).toMatch(/^\{.*\}$/s);
  const status = JSON.parse(text) as Status; // told() shows it when it is not
  expect(status, told).toMatchObject({ kind: 'Status', status: 'Failure', code });
  expect(status.reason, told).toMatch(/^[A-Z][A-Za-z]+$/);
  expect(status.message, told).toMatch(/^(cannot |[\w.]+ ".*" is invalid: )/s);
  if (status.reason === 'Invalid' && status.details?.causes)
    for (const cause of status.details.causes) expect(cause.field, told).toBeTruthy();
  if (!isForeseen(status)) expect(code, told).toBeLessThan(500);
};

/** A property whose cases run against the clock; a failure names the seed to repeat it with. */
export const hold = <T>(
  runs: number,
  cases: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> => fc.assert(fc.asyncProperty(cases, check), { numRuns: runs, endOnFailure: true });

/** Lines of the log that say that something went wrong inside. */
export const innerErrors = async ({ controller }: Ground): Promise<readonly string[]> => {
  const log = await readFile(`${controller.dataDir}/controller.log`, 'utf8');
  return log.split('\n').filter((line) => line.includes('"level":"error"'));
};

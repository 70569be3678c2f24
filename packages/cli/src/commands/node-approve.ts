// drover node approve | reject: the queue of servers that ask to join.
import type { CertificateSigningRequest } from '@drover/api';
import { ageOf } from '@drover/api/duration';
import { type Client, certificateSigningRequests } from '@drover/client';
import type { Command } from 'commander';
import { exitCodes, usageFailure } from '../failure.ts';
import { toTable } from '../output/table.ts';
import { nowMs } from '../platform/clock.ts';
import { collect } from '../resources/collect.ts';
import type { Session } from '../session.ts';

interface QueueOptions {
  readonly all?: boolean;
}

const conditionsOf = (request: CertificateSigningRequest) => request.status?.conditions ?? [];
const isPending = (request: CertificateSigningRequest): boolean =>
  request.spec.signerName === 'drover.dev/node' && conditionsOf(request).length === 0;
const nodeOf = (request: CertificateSigningRequest): string =>
  request.metadata.annotations?.['drover.dev/node'] ?? request.metadata.name ?? '';
const fingerprintOf = (request: CertificateSigningRequest): string =>
  request.metadata.annotations?.['drover.dev/key-fingerprint'] ?? '-';

const showQueue = (pending: readonly CertificateSigningRequest[], session: Session): void => {
  if (pending.length === 0) {
    session.note('nobody waits for approval');
    return;
  }
  const rows = pending.map((request) => [
    nodeOf(request),
    fingerprintOf(request),
    request.spec.username ?? '',
    ageOf(request.metadata.creationTimestamp, nowMs()),
  ]);
  session.out.write(`${toTable(['Node', 'Key fingerprint', 'Asked by', 'Age'], rows).lines.join('\n')}\n`);
};

/** Each name is a node or a request; a name that several requests wait under must be given as the request. */
const choose = (pending: readonly CertificateSigningRequest[], names: readonly string[]) =>
  names.map((name) => {
    const found = pending.filter((request) => request.metadata.name === name || nodeOf(request) === name);
    const [only, second] = found;
    if (only === undefined)
      throw usageFailure(`cannot find ${name}: nothing with that name waits for approval`);
    if (second === undefined) return only;
    const each = found.map((request) => `${request.metadata.name} (${fingerprintOf(request)})`).join(', ');
    throw usageFailure(
      `cannot tell which ${name} is meant: several ask under that name`,
      `name one of: ${each}`,
    );
  });

const decide = async (
  client: Client,
  request: CertificateSigningRequest,
  type: 'Approved' | 'Denied',
  session: Session,
): Promise<void> => {
  const name = request.metadata.name ?? '';
  const condition = {
    type,
    status: 'True',
    reason: 'DroverCli',
    message: type === 'Approved' ? 'with drover node approve' : 'with drover node reject',
  };
  const body = {
    ...request,
    status: { ...request.status, conditions: [...conditionsOf(request), condition] },
  };
  await client.update(certificateSigningRequests, name, body, { subresource: 'approval' });
  session.out.write(
    `${nodeOf(request)} ${type === 'Approved' ? 'approved' : 'rejected'}, key ${fingerprintOf(request)}\n`,
  );
};

const work = async (
  names: readonly string[],
  options: QueueOptions,
  type: 'Approved' | 'Denied',
  command: Command,
  session: Session,
): Promise<void> => {
  const client = session.connect(command);
  const pending = (await collect(client.listAll(certificateSigningRequests))).filter(isPending);
  if (names.length === 0 && options.all !== true) return showQueue(pending, session);
  const chosen = options.all === true ? pending : choose(pending, names);
  if (chosen.length === 0) session.note('nobody waits for approval');
  for (const request of chosen)
    await decide(client, request, type, session).catch((error: unknown) => {
      session.note(`${nodeOf(request)}: ${error instanceof Error ? error.message : String(error)}`);
      session.setExitCode(exitCodes.failed);
    });
};

export const defineQueue = (parent: Command, session: Session): void => {
  const verbs = [
    ['approve', 'Let servers join that wait for approval; without names: show who waits', 'Approved'],
    ['reject', 'Refuse servers that wait for approval; without names: show who waits', 'Denied'],
  ] as const;
  for (const [verb, description, type] of verbs) {
    const command = parent
      .command(verb)
      .description(description)
      .argument('[name...]', 'names of nodes or of requests')
      .option('--all', 'everybody who waits');
    command.action((names: string[], options: QueueOptions) => work(names, options, type, command, session));
  }
};

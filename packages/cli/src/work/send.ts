// Owns how a run or transfer leaves for the controller: signed when there is a key, else as it is: whether it must
// be signed is in the answer.
import { writeFile } from 'node:fs/promises';
import type { Targets } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import { foldNodeSet } from '@drover/api/node-set';
import type { Client, Work, WorkReference } from '@drover/client';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { loadSigning, type SigningOptions } from '../signing/options.ts';

export interface SendOptions extends SigningOptions {
  readonly namespace: string;
  readonly quiet?: boolean;
  readonly signTo?: string;
}

export interface Send {
  /** Refuses what the nodes of the object would refuse, for who wants to know before a long upload. */
  readonly check: (client: Client, object: Record<string, unknown>) => Promise<void>;
  /** Makes the object; undefined: it was written to a file for others to sign. */
  readonly create: (
    client: Client,
    kind: WorkReference['kind'],
    object: Record<string, unknown>,
  ) => Promise<Work | undefined>;
}

const targetsOf = (object: Record<string, unknown>): Targets =>
  (object['spec'] as { readonly targets: Targets }).targets;

const unsignedFailure = (words: string): Failure =>
  new Failure(`cannot start: ${words}`, {
    remedy: 'sign it with --sign KEY, or set a key for all: drover context set --signing-key KEY',
  });

const refuseUnsigned = async (client: Client, object: Record<string, unknown>): Promise<void> => {
  const { listStrict } = await import('../signing/fleet.ts');
  const strict = await listStrict(client);
  if (strict.length === 0) return;
  const { targetedOf } = await import('../signing/targets.ts');
  const names = targetedOf(targetsOf(object), strict);
  if (names.length === 0) return;
  const [are, take] = names.length === 1 ? ['node', 'takes'] : [`${names.length} nodes`, 'take'];
  throw unsignedFailure(`${are} ${foldNodeSet(names)} ${take} signed requests only`);
};

/** Sent as it is: the controller refuses what its nodes would, and nothing has been made then. */
const createUnsigned = async (
  client: Client,
  kind: WorkReference['kind'],
  object: Record<string, unknown>,
  namespace: string,
): Promise<Work> => {
  try {
    return await client.create<Work>(kind, object, { namespace });
  } catch (error) {
    const causes = error instanceof ApiError ? (error.details?.causes ?? []) : [];
    const missing = causes.find(
      ({ reason, field }) => reason === 'FieldValueRequired' && field === 'spec.signed',
    );
    throw missing === undefined ? error : unsignedFailure(missing.message);
  }
};

/** Nobody has named it, but a file that is sent later must have a name. */
const withName = (object: Record<string, unknown>): Record<string, unknown> => {
  const { generateName, ...metadata } = object['metadata'] as Record<string, unknown>;
  if (generateName === undefined) return object;
  return { ...object, metadata: { ...metadata, name: `${generateName}${crypto.randomUUID().slice(0, 8)}` } };
};

const writeNew = async (path: string, object: Record<string, unknown>): Promise<void> => {
  try {
    await writeFile(path, `${JSON.stringify(object, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new Failure(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** The keys are loaded at once, so that a passphrase is asked for before anything is done. */
export const openSend = async (
  session: Session,
  command: Command,
  options: SendOptions,
  isInputTaken = false,
): Promise<Send> => {
  const signing = await loadSigning(session, command, options, isInputTaken);
  const { namespace, signTo } = options;
  if (signing === undefined) {
    if (signTo !== undefined) throw new Failure('cannot use --sign-to: nothing is signed; give --sign KEY');
    return {
      check: refuseUnsigned,
      create: (client, kind, object) => createUnsigned(client, kind, object, namespace),
    };
  }
  const create: Send['create'] = async (client, kind, object) => {
    const { signWork } = await import('../signing/sign.ts');
    const { resolveTargets } = await import('../signing/targets.ts');
    const targets = await resolveTargets(client, targetsOf(object));
    const signed = signWork(signTo === undefined ? object : withName(object), targets, signing);
    const count = targets.nodes.length === 1 ? '1 node' : `${targets.nodes.length} nodes`;
    if (options.quiet !== true) session.note(`signed for ${count}: ${targets.nodeSet}`);
    if (signTo === undefined) return client.create<Work>(kind, signed, { namespace });
    await writeNew(signTo, signed);
    session.note(`next: drover key sign ${signTo} --key KEY, then drover apply -f ${signTo}`);
    return undefined;
  };
  return { check: async () => undefined, create };
};

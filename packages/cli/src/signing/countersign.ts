// Owns the signature of a second person: over what the first has signed, and only if that is what the object says.
import { rename, writeFile } from 'node:fs/promises';
import {
  commandRunKind,
  fileTransferKind,
  type KubeObject,
  parsePayload,
  type Signed,
  signedCauses,
  validatorOf,
} from '@drover/api';
import { usageFailure } from '../failure.ts';
import { readInputText } from '../platform/input-file.ts';
import type { SigningKey } from './key-file.ts';
import { sha256Hex, toSignature } from './sign.ts';

type SignedSpec = Parameters<typeof signedCauses>[0] & { readonly signed: Signed };

const parseObject = (text: string, file: string): KubeObject => {
  try {
    const value: unknown = JSON.parse(text);
    const kind = [commandRunKind, fileTransferKind].find(
      (one) => typeof value === 'object' && value !== null && 'kind' in value && value.kind === one.kind,
    );
    if (kind === undefined) throw new Error('it is neither a CommandRun nor a FileTransfer');
    return validatorOf(kind)(value, 'Strict').object;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(
      `cannot sign ${file}: ${why}`,
      '--sign-to of drover run, push and pull makes such files',
    );
  }
};

/** The object of a file that --sign-to wrote, with its spec; refused unless the spec is what was signed. */
const load = async (file: string): Promise<{ readonly object: KubeObject; readonly spec: SignedSpec }> => {
  const object = parseObject(await readInputText(file, ''), file);
  // Validated just now against the schema of its kind.
  const spec = object['spec'] as SignedSpec;
  if (spec.signed === undefined) throw usageFailure(`cannot sign ${file}: nobody has signed it yet`);
  const [cause] = signedCauses(spec, sha256Hex);
  if (cause !== undefined) throw usageFailure(`cannot sign ${file}: ${cause.field}: ${cause.message}`);
  return { object, spec };
};

/** What a person should see before they sign it. */
export const describeRequest = async (file: string): Promise<readonly string[]> => {
  const { spec } = await load(file);
  const { expiresAtMs } = parsePayload(spec.signed.payload) ?? {};
  const { targets, signed: _, ...rest } = spec;
  const hidden = new Set(['strategy', 'offline', 'cancel', 'retryOf']);
  const asked = Object.entries(rest).filter(([name]) => !hidden.has(name));
  return [
    `on: ${targets.nodeSet}`,
    ...asked.map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    `until: ${new Date(Number(expiresAtMs)).toISOString()}`,
  ];
};

/** Puts the signature beside those that are there; resolves to how many there are. */
export const addSignature = async (file: string, key: SigningKey): Promise<number> => {
  const { object, spec } = await load(file);
  const { payload } = spec.signed;
  if (spec.signed.signatures.some(({ keyId }) => keyId === key.id))
    throw usageFailure(`cannot sign ${file}: it has a signature by ${key.id} already`);
  const signatures = [...spec.signed.signatures, toSignature(payload, key)];
  const next = { ...object, spec: { ...spec, signed: { payload, signatures } } };
  await writeFile(`${file}.new`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return signatures.length;
};

// Owns spec.signed of CommandRun and FileTransfer: its schema, and what of it can be told without any key.
// I1: the controller neither trusts nor checks signatures: the node does. It refuses early what the node would refuse.
import { Ajv, type ValidateFunction } from 'ajv';
import { type Static, Type } from 'typebox';
import { ApiError } from '../errors.ts';
import type { Targets } from '../work.ts';
import { type AskingSpec, askedDifferences, parsePayload, toAsked } from './request.ts';

const closed = { additionalProperties: false } as const;

export const Signed = Type.Object(
  {
    payload: Type.String({
      minLength: 1,
      maxLength: 1048576,
      description: 'The text that was signed: JSON that says what, on which nodes and until when.',
    }),
    signatures: Type.Array(
      Type.Object(
        {
          keyId: Type.String({
            pattern: '^SHA256:[A-Za-z0-9+/]{43}$',
            description: "The signer's key, as drover key show names it.",
          }),
          signature: Type.String({
            pattern: '^[A-Za-z0-9+/]{86}==$',
            description: 'ECDSA P-256 with SHA-256 over the payload: r and s, 64 bytes in base64.',
          }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 16, description: 'Whose signatures.' },
    ),
  },
  {
    ...closed,
    description: 'What operators have signed, for nodes whose policy wants it (drover run --sign).',
  },
);
export type Signed = Static<typeof Signed>;

let isSigned: ValidateFunction | undefined;

/** For where it comes without an object around it. Throws ApiError Invalid. */
export const parseSigned = (value: unknown): Signed => {
  isSigned ??= new Ajv({ strict: false }).compile(Signed);
  if (isSigned(value)) return value as Signed;
  const [error] = isSigned.errors ?? [];
  throw new ApiError(
    'Invalid',
    `cannot read signed${error?.instancePath ?? ''}: ${error?.message ?? 'invalid'}`,
  );
};

/** Where a member of what is asked stands in the spec. */
const fieldOf = (member: string, spec: AskingSpec): string => {
  const inner = member.split('.')[1] ?? member;
  const renamed: Readonly<Record<string, string>> = {
    timeoutMs: 'timeoutSeconds',
    input: 'stdin',
    script: 'script.source',
    argv: spec.script === undefined ? 'argv' : 'script.interpreter',
  };
  return `spec.${renamed[inner] ?? inner}`;
};

const hashed: readonly string[] = ['command.script', 'command.input'];

type Signable = AskingSpec & { readonly targets: Targets; readonly signed?: Signed };

/**
 * What differs between the spec and what was signed. Without `sha256` (the validator has none) scripts and input are
 * not compared.
 */
export const signedCauses = (
  spec: Signable,
  sha256?: (text: string) => string,
): readonly { readonly field: string; readonly message: string }[] => {
  if (spec.signed === undefined) return [];
  const request = parsePayload(spec.signed.payload);
  if (request === undefined)
    return [{ field: 'spec.signed.payload', message: 'it is not a signed request of version 1' }];
  const { targets } = spec;
  const isElsewhere = targets.nodeSet !== request['nodes'] || targets.labelSelector !== undefined;
  const told = `the signed nodes are ${JSON.stringify(request['nodes'])}; targets must be that nodeSet and no more`;
  const unknown = sha256 === undefined ? hashed : [];
  const asked = toAsked(spec, sha256 ?? (() => ''));
  const members = askedDifferences(asked, request).filter((member) => !unknown.includes(member));
  return [
    ...(isElsewhere ? [{ field: 'spec.targets', message: told }] : []),
    ...members.map((member) => ({
      field: fieldOf(member, spec),
      message: 'it is not what was signed; sign it anew',
    })),
  ];
};

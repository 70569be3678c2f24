// Owns what is decided at creation because it depends on who asks: enrolment tokens and certificate requests.
// I1: who made a certificate request is written by us, never taken from the request.
// I2: a request for a node's certificate names that node in its subject, holds its own key, and never names a node
//     that belongs to another machine.
// I3: with one token no more requests wait than it has uses, and a few: who holds a token cannot fill the store.
//     (Those that ask in the same instant are not yet seen: the limit is not exact.)
// I4: a token's secret is in the answer to its creation and nowhere else.
import {
  ApiError,
  annotation,
  type CertificateSigningRequest,
  certificateSigningRequestKind,
  clientSigner,
  type EnrollmentToken,
  enrollmentTokenKind,
  isDnsSubdomain,
  type KubeObject,
  machineProblem,
  nodeKind,
  nodeOfCommonName,
  nodeSigner,
  resourceKey,
  tokenProblem,
  tokenProblemWords,
  validatorOf,
} from '@drover/api';
import { type Clock, toTimestamp } from '../platform/clock.ts';
import type { Resources } from '../resources/resources.ts';
import type { CertificateRequest } from './certificate-request.ts';
import type { CertificateDesk } from './client-certificates.ts';
import { makeSecret } from './enrollment-secret.ts';
import { type Identity, identityName, toSubject } from './identity.ts';
import { toJoinCommand } from './join-command.ts';
import { createLaterAdmission } from './later/requester.ts';

export type Admit = (context: {
  readonly identity: Identity;
  readonly operation: 'create';
  readonly object: unknown;
  readonly dryRun: boolean;
  /** From which address it was asked. */
  readonly address?: string;
}) => Promise<{
  readonly object: unknown;
  /** What the creator alone sees. */
  readonly answer?: (created: KubeObject) => KubeObject;
  /** Told to the client. */
  readonly warnings?: readonly string[];
  /** What the audit trail says beside; '' or absent: nothing. */
  readonly note?: string;
}>;

export interface AdmissionDeps {
  readonly resources: Pick<Resources, 'find' | 'list'>;
  readonly authority: {
    readonly caPin: string;
    readRequest(csrPem: string): Promise<CertificateRequest>;
  };
  readonly certificates: Pick<CertificateDesk, 'check'>;
  readonly clock: Clock;
  /** https://host:port as servers reach this controller. */
  readonly address: string;
  /** What runs and transfers are held to (run-policy/admit-work.ts). */
  readonly work: Readonly<Record<string, Admit>>;
}

// Objects are validated by their schema before they are read as such.
const asToken = (object: KubeObject): EnrollmentToken => object as unknown as EnrollmentToken;

const defaultTokenLifeMs = 3_600_000;
/** Requests that may wait beyond a token's uses: servers that try again before their first request has ended. */
const sparePending = 10;

const invalidField = (field: string, message: string): ApiError =>
  new ApiError('Invalid', `cannot create the object: ${field}: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  });

const checkExpiry = (text: string, nowMs: number): string => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw invalidField('spec.expiresAt', `"${text}" is not an RFC 3339 time`);
  if (ms <= nowMs) throw invalidField('spec.expiresAt', `${text} is in the past`);
  return toTimestamp(ms);
};

const admitToken = ({ authority, clock, address }: AdmissionDeps): Admit => {
  const validate = validatorOf(enrollmentTokenKind);
  return async ({ object, dryRun }) => {
    const parsed = asToken(validate(object, 'Ignore').object);
    const nowMs = clock.nowMs();
    const expiresAt = checkExpiry(parsed.spec.expiresAt ?? toTimestamp(nowMs + defaultTokenLifeMs), nowMs);
    const { secret, sha256 } = makeSecret();
    // The validator has shown that it is an object with these members; unknown ones stay for it to refuse.
    const raw = object as { readonly metadata?: object; readonly spec?: object };
    const annotations = { ...parsed.metadata.annotations, [annotation.tokenSha256]: sha256 };
    return {
      object: { ...raw, metadata: { ...raw.metadata, annotations }, spec: { ...raw.spec, expiresAt } },
      ...(dryRun ? {} : { answer: (created) => withJoinCommand(created, secret, { address, authority }) }),
    };
  };
};

const withJoinCommand = (
  created: KubeObject,
  secret: string,
  { address, authority }: Pick<AdmissionDeps, 'address' | 'authority'>,
): KubeObject => {
  const token = `${created.metadata.name ?? ''}.${secret}`;
  const joinCommand = toJoinCommand({ address, token, caPin: authority.caPin });
  return { ...created, status: { ...asToken(created).status, joinCommand } };
};

const askerOf = (identity: Identity): { readonly username: string; readonly groups: readonly string[] } => {
  const { name, groups } = toSubject(identity);
  return { username: name, groups };
};

const askerFields = ['username', 'uid', 'groups', 'extra'];

/** The spec without what it says of who made it (I1). */
const withoutAsker = (spec: object): object =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => !askerFields.includes(name)));

const checkTokenUse = ({ resources, clock }: AdmissionDeps, identity: Identity): void => {
  if (identity.kind !== 'bootstrap') return;
  const token = resources.find(enrollmentTokenKind, '', identity.token);
  const problem = tokenProblem(token, clock.nowMs());
  if (token === undefined || problem !== undefined)
    throw new ApiError(
      'Forbidden',
      `cannot enrol: enrolment token ${identity.token} ${tokenProblemWords[problem ?? 'unknown']}; make a new one (drover token create)`,
    );
  const limit = asToken(token).spec.maxUses + sparePending;
  if (countPending(resources, identityName(identity)) < limit) return;
  throw new ApiError(
    'TooManyRequests',
    `cannot enrol: ${limit} requests with enrolment token ${identity.token} wait already; approve or reject some (drover node approve), or make a new one`,
    { retryAfterSeconds: 60 },
  );
};

/** Requests of this asker that have not ended. */
const countPending = (resources: Pick<Resources, 'list'>, username: string): number =>
  resources.list(certificateSigningRequestKind).items.filter((object) => {
    // Stored objects have been validated by the schema of their kind.
    const { spec, status } = object as unknown as CertificateSigningRequest;
    const isEnded = status?.conditions?.some((one) => one.type === 'Denied' || one.type === 'Failed');
    return spec.username === username && status?.certificate === undefined && isEnded !== true;
  }).length;

/** The node's name, and what people compare before they approve. */
const readNodeRequest = async (
  { resources, authority }: AdmissionDeps,
  spec: CertificateSigningRequest['spec'],
  machineId: string,
): Promise<{ readonly node: string; readonly fingerprint: string }> => {
  const request = await authority.readRequest(Buffer.from(spec.request, 'base64').toString('latin1'));
  const node = nodeOfCommonName(request.commonName);
  if (!request.verified) throw invalidField('spec.request', 'it is not signed by its own key');
  if (node === undefined || !isDnsSubdomain(node)) {
    const wanted = 'must be system:node:<name>, the name of lower-case letters, digits, "-" and "."';
    throw invalidField('spec.request', `common name "${request.commonName}" ${wanted}`);
  }
  const [organization, ...others] = request.organizations;
  if (organization !== 'system:nodes' || others.length > 0) {
    throw invalidField('spec.request', 'the organization must be system:nodes and no other');
  }
  const foreign = (spec.usages ?? []).find((u) => u !== 'digital signature' && u !== 'client auth');
  if (foreign !== undefined) throw invalidField('spec.usages', `"${foreign}" is not for nodes`);
  const problem = machineProblem(resources.find(nodeKind, '', node), machineId);
  if (problem !== undefined) throw new ApiError('Conflict', `cannot enrol as node ${node}: ${problem}`);
  return { node, fingerprint: request.fingerprint };
};

const clientUsages = ['digital signature', 'key encipherment', 'client auth'];

/** For whom it is, for the audit trail. What Kubernetes asks of such a request is asked here, too. */
const readClientRequest = async (
  { certificates }: AdmissionDeps,
  { request, usages: given }: CertificateSigningRequest['spec'],
): Promise<string> => {
  const usages: readonly string[] = given ?? [];
  const foreign = usages.find((usage) => !clientUsages.includes(usage));
  if (foreign !== undefined)
    throw invalidField('spec.usages', `"${foreign}" is not for clients: only ${clientUsages.join(', ')}`);
  if (!usages.includes('client auth')) throw invalidField('spec.usages', 'must hold "client auth"');
  return `for ${await certificates.check(Buffer.from(request, 'base64').toString('latin1'))}`;
};

const admitRequest = (deps: AdmissionDeps): Admit => {
  const validate = validatorOf(certificateSigningRequestKind);
  return async ({ identity, object, address }) => {
    checkTokenUse(deps, identity);
    const parsed = validate(object, 'Ignore').object as unknown as CertificateSigningRequest;
    const spec = { ...withoutAsker(parsed.spec), ...askerOf(identity) };
    const raw = object as { readonly spec?: object };
    if (parsed.spec.signerName !== nodeSigner) {
      if (identity.kind === 'user') {
        const note =
          parsed.spec.signerName === clientSigner ? await readClientRequest(deps, parsed.spec) : '';
        return { note, object: { ...raw, spec: { ...withoutAsker(raw.spec ?? {}), ...askerOf(identity) } } };
      }
      throw invalidField('spec.signerName', `must be ${nodeSigner}`);
    }
    const machineId = parsed.metadata.annotations?.[annotation.machineId] ?? '';
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(machineId)) {
      throw invalidField(`metadata.annotations[${annotation.machineId}]`, 'must hold the machine id');
    }
    const { node, fingerprint } = await readNodeRequest(deps, parsed.spec, machineId);
    const { name, generateName, labels } = parsed.metadata;
    const metadata = {
      ...(name === undefined ? {} : { name }),
      ...(generateName === undefined ? {} : { generateName }),
      ...(labels === undefined || identity.kind !== 'user' ? {} : { labels }),
      annotations: {
        [annotation.machineId]: machineId,
        [annotation.node]: node,
        [annotation.keyFingerprint]: fingerprint,
        ...(address === undefined ? {} : { [annotation.address]: address }),
      },
    };
    return { object: { apiVersion: parsed.apiVersion, kind: parsed.kind, metadata, spec } };
  };
};

/** By resourceKey. */
export const createAdmission = (deps: AdmissionDeps): Readonly<Record<string, Admit>> => ({
  ...deps.work,
  ...createLaterAdmission(deps.clock),
  [resourceKey(enrollmentTokenKind)]: admitToken(deps),
  [resourceKey(certificateSigningRequestKind)]: admitRequest(deps),
});

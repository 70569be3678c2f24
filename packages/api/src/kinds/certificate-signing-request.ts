import { type Static, Type } from 'typebox';
import type { Kind } from '../kind.ts';
import { type KubeObject, ObjectMeta } from '../meta.ts';
import { ageColumn, nameColumn, textColumn } from '../printing/columns.ts';
import { humanDuration } from '../printing/duration.ts';
import { isBase64 } from './data-checks.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.Optional(Type.String({ description }));

/** certificates.k8s.io/v1 KeyUsage. */
const usages = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
] as const;

const CertificateSigningRequestCondition = Type.Object(
  {
    type: Type.String({ description: 'Approved, Denied or Failed.' }),
    status: Type.Union([Type.Literal('True'), Type.Literal('False'), Type.Literal('Unknown')], {
      default: 'True',
    }),
    reason: text('A short word for the cause.'),
    message: text('The cause, for people.'),
    lastUpdateTime: text('When it was last written.'),
    lastTransitionTime: text('When its status last changed.'),
  },
  closed,
);

export const CertificateSigningRequest = Type.Object(
  {
    apiVersion: Type.Literal('certificates.k8s.io/v1'),
    kind: Type.Literal('CertificateSigningRequest'),
    metadata: ObjectMeta,
    spec: Type.Object(
      {
        request: Type.String({
          minLength: 1,
          maxLength: 65536,
          format: 'byte',
          description: 'PKCS#10 request in PEM, in base64.',
        }),
        signerName: Type.String({
          minLength: 1,
          maxLength: 571,
          description: 'Who is asked to sign, e.g. drover.dev/node.',
        }),
        expirationSeconds: Type.Optional(
          Type.Integer({ minimum: 600, maximum: 2147483647, description: 'Wished life of the certificate.' }),
        ),
        usages: Type.Optional(
          Type.Array(Type.Union(usages.map((usage) => Type.Literal(usage as string))), {
            'x-kubernetes-list-type': 'atomic',
            description: 'What the key is to be used for.',
          }),
        ),
        username: text('Who asked; set by the server.'),
        uid: text('Uid of who asked; set by the server.'),
        groups: Type.Optional(
          Type.Array(Type.String(), {
            'x-kubernetes-list-type': 'atomic',
            description: 'Groups of who asked; set by the server.',
          }),
        ),
        extra: Type.Optional(
          Type.Record(Type.String(), Type.Array(Type.String()), {
            description: 'Further attributes of who asked; set by the server.',
          }),
        ),
      },
      { ...closed, description: 'The request and who made it; cannot be changed.' },
    ),
    status: Type.Optional(
      Type.Object(
        {
          conditions: Type.Optional(
            Type.Array(CertificateSigningRequestCondition, {
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['type'],
            }),
          ),
          certificate: Type.Optional(
            Type.String({ format: 'byte', description: 'The certificate chain in PEM, in base64.' }),
          ),
        },
        { ...closed, description: 'Whether it was approved, and the certificate.' },
      ),
    ),
  },
  { ...closed, description: 'CertificateSigningRequest asks for a certificate to be signed.' },
);
export type CertificateSigningRequest = Static<typeof CertificateSigningRequest>;

const csr = (o: KubeObject) => o as unknown as CertificateSigningRequest;

/** As kubectl prints it: Approved,Issued - Denied - Pending - Approved,Failed. */
const condition = (o: KubeObject): string => {
  const types = (csr(o).status?.conditions ?? []).map((c) => c.type);
  const words = [
    types.includes('Denied') ? 'Denied' : types.includes('Approved') ? 'Approved' : 'Pending',
    ...(types.includes('Failed') ? ['Failed'] : []),
    ...(csr(o).status?.certificate ? ['Issued'] : []),
  ];
  return words.join(',');
};

const requestedDuration = (o: KubeObject): string => {
  const seconds = csr(o).spec.expirationSeconds;
  return seconds === undefined ? '<none>' : humanDuration(seconds * 1000);
};

const check = (o: KubeObject) => {
  const types = (csr(o).status?.conditions ?? []).map((c) => c.type);
  const both = types.includes('Approved') && types.includes('Denied');
  return [
    ...(isBase64(csr(o).spec.request) ? [] : [{ field: 'spec.request', message: 'not valid base64' }]),
    ...(csr(o).spec.signerName.includes('/')
      ? []
      : [{ field: 'spec.signerName', message: 'must be a domain, "/" and a path' }]),
    ...(both ? [{ field: 'status.conditions', message: 'Approved and Denied exclude each other' }] : []),
  ];
};

export const certificateSigningRequestKind: Kind = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  categories: [],
  scope: 'Cluster',
  schema: CertificateSigningRequest,
  columns: [
    nameColumn,
    ageColumn,
    textColumn('SignerName', 'Who is asked to sign', 0, (o) => csr(o).spec.signerName),
    textColumn('Requestor', 'Who asked', 0, (o) => csr(o).spec.username ?? ''),
    textColumn('RequestedDuration', 'Wished life of the certificate', 0, requestedDuration),
    textColumn('Condition', 'Where the request stands', 0, condition),
  ],
  hasStatus: true,
  subresources: ['approval'],
  selectableFields: { 'spec.signerName': (o) => csr(o).spec.signerName },
  immutablePaths: ['spec'],
  check,
};

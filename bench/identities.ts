// Owns enrolling many emulated nodes over the real API: key, request, approval by token, certificate.
import { setTimeout as delay } from 'node:timers/promises';
import { newKeyPem, toKeyPair, x509 } from '../packages/controller/src/auth/x509.ts';
import type { AdminContext } from '../test/harness/controller.ts';
import { type Api, inParallel, openApi } from './api.ts';
import type { Identity } from './emulator/agent.ts';

const requestsPath = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

interface SigningRequest {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly certificate?: string };
}

/** A key and a request for the node's certificate, both PEM. */
const makeRequest = async (
  node: string,
): Promise<{ readonly keyPem: string; readonly requestPem: string }> => {
  const keyPem = await newKeyPem();
  const keys = await toKeyPair(keyPem);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=system:node:${node},O=system:nodes`,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return { keyPem, requestPem: request.toString('pem') };
};

const enrol = async (api: Api, node: string, machineId: string): Promise<Identity> => {
  const { keyPem, requestPem } = await makeRequest(node);
  const created = await api.json<SigningRequest>('POST', requestsPath, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: `node-${node}-`, annotations: { 'drover.dev/machine-id': machineId } },
    spec: {
      signerName: 'drover.dev/node',
      usages: ['digital signature', 'client auth'],
      request: Buffer.from(requestPem).toString('base64'),
    },
  });
  const path = `${requestsPath}/${created.metadata.name}`;
  for (let tries = 0; tries < 600; tries++) {
    const now = tries === 0 ? created : await api.json<SigningRequest>('GET', path);
    const certificate = now.status?.certificate;
    if (certificate !== undefined) {
      return { name: node, keyPem, certPem: Buffer.from(certificate, 'base64').toString() };
    }
    await delay(50);
  }
  throw new Error(`cannot enrol ${node}: its request was not answered in 30 s`);
};

/** Certificates for the names, in their order. */
export const enrolIdentities = async (
  context: AdminContext,
  joinToken: string,
  names: readonly string[],
  toMachineId: (name: string) => string,
  signal: AbortSignal,
): Promise<readonly Identity[]> => {
  const api = openApi(context, { token: joinToken });
  const identities = new Map<string, Identity>();
  try {
    await inParallel(names, 16, signal, async (name) => {
      identities.set(name, await enrol(api, name, toMachineId(name)));
    });
  } finally {
    api.close();
  }
  return names.flatMap((name) => identities.get(name) ?? []);
};

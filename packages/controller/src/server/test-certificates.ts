// Callers with client certificates, for the tests of this room.
import { Agent, request } from 'node:https';
import type { Ground } from './test-ground.ts';

export interface Reply {
  readonly code: number;
  readonly json: Readonly<Record<string, unknown>>;
  /** Local port of the connection: the same for as long as it stays open. */
  readonly port: number;
}

export interface Holder {
  /** Over one connection that stays open. */
  send(
    method: string,
    path: string,
    more?: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Reply>;
  /** Follows until the connection ends; `onOpen` with its first bytes. */
  follow(path: string, onOpen: () => void): Promise<void>;
  close(): void;
}

/** Somebody who shows this certificate, or none. */
export const openHolder = (
  { address, caPem: ca }: Pick<Ground, 'address' | 'caPem'>,
  { keyPem: key, certPem: cert }: { readonly keyPem?: string; readonly certPem?: string },
): Holder => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, key, cert });
  return {
    send: (method, path, { body, headers = {} } = {}) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const type = text === undefined ? {} : { 'content-type': 'application/json' };
        const options = { agent, method, headers: { ...type, ...headers } };
        const outgoing = request(`${address}${path}`, options, (answer) => {
          const port = answer.socket.localPort ?? 0;
          let received = '';
          answer.on('data', (part: Buffer) => {
            received += part.toString();
          });
          answer.on('end', () =>
            resolve({ code: answer.statusCode ?? 0, json: JSON.parse(received) as Reply['json'], port }),
          );
        });
        outgoing.on('error', reject).end(text);
      }),
    follow: (path, onOpen) =>
      new Promise((resolve) => {
        const outgoing = request(`${address}${path}`, { ca, key, cert, agent: false }, (answer) => {
          answer.once('data', onOpen);
          answer.on('error', () => undefined).on('close', () => resolve());
          answer.resume();
        });
        outgoing.on('error', () => resolve()).end();
      }),
    close: () => agent.destroy(),
  };
};

const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

/** Name and groups as the server knows them; undefined: nobody known. */
export const whoIs = async (
  holder: Holder,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly username: string; readonly groups: readonly string[] } | undefined> => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { code, json } = await holder.send('POST', path, { body: review, headers });
  if (code === 401) return undefined;
  const { status } = json as { status: { userInfo: { username: string; groups: readonly string[] } } };
  return status.userInfo;
};

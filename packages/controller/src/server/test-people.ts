// People with roles against the real server, for the tests of permissions.
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import {
  clusterRoleBindingKind,
  clusterRoleKind,
  type PolicyRule,
  rbacGroup,
  roleBindingKind,
  userKind,
} from '@drover/api';
import type { Ground } from './test-ground.ts';

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
  json(): Readonly<Record<string, unknown>> & { readonly message?: string };
}

export interface Wanted {
  readonly method?: string;
  readonly path: string;
  /** Absent: the administrator's; null: none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: unknown;
  /** Ends with the first line of the answer: enough of a watch. */
  readonly headOnly?: boolean;
}

export const call = (ground: Ground, wanted: Wanted): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', path, token = ground.token, headers = {}, body, headOnly = false } = wanted;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const options = {
      method,
      ca: ground.caPem,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    };
    const outgoing = request(`${ground.address}${path}`, options, (answer) => {
      let received = '';
      const done = (): void =>
        resolve({
          code: answer.statusCode ?? 0,
          text: received,
          headers: answer.headers,
          json: () => JSON.parse(received) as ReturnType<Answer['json']>,
        });
      if (headOnly) {
        done();
        answer.destroy();
        return;
      }
      answer.on('data', (part: Buffer) => {
        received += part.toString();
      });
      answer.on('end', done);
    });
    outgoing.on('error', reject).end(text);
  });

export const userSubject = (name: string) => ({ kind: 'User', apiGroup: rbacGroup, name });

/** Makes a role of these rules and gives it to the user, everywhere or in one namespace. */
export const grant = async (
  { resources }: Ground,
  user: string,
  rules: readonly PolicyRule[],
  namespace?: string,
): Promise<void> => {
  const metadata = { generateName: `${user}-` };
  const role = await resources.create(clusterRoleKind, '', { metadata, rules });
  await bind({ resources }, user, role.metadata.name ?? '', namespace);
};

/** Gives a ClusterRole to the user, everywhere or in one namespace. */
export const bind = async (
  { resources }: Pick<Ground, 'resources'>,
  user: string,
  role: string,
  namespace?: string,
): Promise<void> => {
  const kind = namespace === undefined ? clusterRoleBindingKind : roleBindingKind;
  await resources.create(kind, namespace ?? '', {
    metadata: { generateName: `${user}-` },
    roleRef: { kind: 'ClusterRole', name: role },
    subjects: [userSubject(user)],
  });
};

/** A token of a user, who is made when there is none. */
export const tokenOf = async ({ auth, resources }: Ground, user: string): Promise<string> => {
  if (resources.find(userKind, '', user) === undefined)
    await resources.create(userKind, '', { metadata: { name: user } });
  return (await auth.createToken(user, { description: 'test' })).token;
};

// A browser against the real server, as far as sign-in goes: it keeps cookies and says where a request comes from.
import { request } from 'node:https';
import { userKind } from '@drover/api';
import type { Ground } from './test-ground.ts';

export interface Reply {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  json(): Readonly<Record<string, unknown>>;
}

export interface Browser {
  readonly cookie: () => string;
  /** JSON, as our own pages send it. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply>;
  /** A form of our page. */
  submit(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply>;
  /** Until the server ends the answer. `onHead`: the first bytes are there. */
  follow(path: string, onHead: () => void): Promise<void>;
}

const cookieOf = (headers: Reply['headers']): string | undefined =>
  headers['set-cookie']?.[0] === undefined ? undefined : String(headers['set-cookie'][0]).split(';', 1)[0];

export const openBrowser = (
  ground: Pick<Ground, 'address' | 'caPem'>,
  start: { readonly cookie?: string; readonly localAddress?: string; readonly bearer?: string } = {},
): Browser => {
  let cookie = start.cookie ?? '';
  const from = start.localAddress === undefined ? {} : { localAddress: start.localAddress };
  const proof = (): Readonly<Record<string, string>> => ({
    ...(cookie === '' ? {} : { cookie }),
    ...(start.bearer === undefined ? {} : { authorization: `Bearer ${start.bearer}` }),
  });
  const exchange = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    text: string,
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const options = { method, ca: ground.caPem, agent: false as const, ...from };
      const outgoing = request(
        `${ground.address}${path}`,
        { ...options, headers: { ...proof(), ...headers } },
        (answer) => {
          let received = '';
          answer.on('data', (part: Buffer) => {
            received += part.toString();
          });
          answer.on('end', () => {
            cookie = cookieOf(answer.headers) ?? cookie;
            resolve({
              code: answer.statusCode ?? 0,
              headers: answer.headers,
              text: received,
              json: () => JSON.parse(received) as ReturnType<Reply['json']>,
            });
          });
        },
      );
      outgoing.on('error', reject).end(text);
    });
  return {
    cookie: () => cookie,
    send: (method, path, body, headers = {}) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const type: Readonly<Record<string, string>> =
        body === undefined ? {} : { 'content-type': 'application/json' };
      return exchange(
        method,
        path,
        { origin: ground.address, 'x-drover-request': '1', ...type, ...headers },
        text,
      );
    },
    submit: (path, fields, headers = {}) =>
      exchange(
        'POST',
        path,
        {
          origin: ground.address,
          'sec-fetch-site': 'same-origin',
          'content-type': 'application/x-www-form-urlencoded',
          ...headers,
        },
        new URLSearchParams(fields).toString(),
      ),
    follow: (path, onHead) =>
      new Promise((resolve, reject) => {
        const options = { ca: ground.caPem, agent: false as const, headers: proof() };
        const outgoing = request(`${ground.address}${path}`, options, (answer) => {
          onHead();
          answer.resume();
          answer.on('close', resolve);
        });
        outgoing.on('error', reject).end();
      }),
  };
};

/** A user with a password, whom a test may sign in. */
export const makePerson = async (
  { resources, people }: Pick<Ground, 'resources' | 'people'>,
  name: string,
  password: string,
  spec: object = {},
): Promise<{ readonly name: string; readonly uid: string }> => {
  const { metadata } = await resources.create(userKind, '', { metadata: { name }, spec });
  const person = { name, uid: metadata.uid ?? '' };
  await people.passwords.set(person, password);
  return person;
};

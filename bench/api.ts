// Owns talking to the controller's API from a benchmark: JSON over a few kept connections, the CA verified.
import { Agent, request } from 'node:https';
import type { AdminContext } from '../test/harness/controller.ts';

export interface Api {
  /** Throws with the Status message when the code is not 2xx. */
  json<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  close(): void;
}

/** `token` replaces the administrator's, e.g. a join token; `sockets`: at most so many connections. */
export const openApi = (
  context: AdminContext,
  options: { readonly token?: string; readonly sockets?: number } = {},
): Api => {
  const { token = context.token, sockets = 16 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, ca: context.caPem });
  return {
    json: (method, path, body) =>
      new Promise((resolve, reject) => {
        const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
        const headers = { authorization: `Bearer ${token}`, 'content-type': type };
        const call = request(new URL(path, context.address), { method, agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const code = response.statusCode ?? 0;
            if (code < 200 || code > 299)
              reject(new Error(`${method} ${path}: ${code} ${text.slice(0, 300)}`));
            else resolve(JSON.parse(text));
          });
        });
        call.on('error', reject);
        call.end(body === undefined ? undefined : JSON.stringify(body));
      }),
    close: () => agent.destroy(),
  };
};

/** Makes a join token for `uses` servers; resolves to `<id>.<secret>`. */
export const makeJoinToken = async (api: Api, uses: number): Promise<string> => {
  const token = await api.json<{ readonly status?: { readonly joinCommand?: string } }>(
    'POST',
    '/apis/drover.dev/v1alpha1/enrollmenttokens',
    {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'EnrollmentToken',
      metadata: { generateName: 'bench-' },
      spec: { maxUses: uses },
    },
  );
  const found = /DROVER_TOKEN=['"]?([^\s'"]+)/.exec(token.status?.joinCommand ?? '')?.[1];
  if (found === undefined) throw new Error('cannot enrol: the controller gave no join line');
  return found;
};

/** Runs `each` over the items, at most `width` at a time, and gives up at the signal. */
export const inParallel = async <T>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  each: (item: T) => Promise<void>,
): Promise<void> => {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      signal.throwIfAborted();
      await each(item);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
};

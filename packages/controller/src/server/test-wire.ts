// Requests as bytes: what a client of HTTP would put in order before it is sent arrives as it was written.
import { connect } from 'node:tls';
import type { Ground } from './test-ground.ts';

/** Of a request that shows the ground's token; `lines`: more headers. */
export const head = (
  { token }: Pick<Ground, 'token'>,
  method: string,
  path: string,
  ...lines: readonly string[]
): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: drover', `Authorization: Bearer ${token}`, ...lines, '', ''].join(
    '\r\n',
  );

/** All that comes back on one connection until it is closed or nothing has come for `silenceMs`. */
export const exchange = (
  { server, caPem }: Pick<Ground, 'server' | 'caPem'>,
  bytes: string,
  silenceMs = 1_500,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', ca: caPem }, () =>
      socket.write(bytes, 'latin1'),
    );
    let text = '';
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    socket.on('error', (error) => (text === '' ? reject(error) : socket.destroy()));
    socket.on('close', () => resolve(text));
  });

/** Of all answers in it, in order. */
export const codesOf = (text: string): readonly string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code = '']) => code);

import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { holderOfPort } from './port-holders.ts';

test('whoever listens on a port is found, on IPv4 and IPv6, and nobody once it is free', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, host, () => resolve((server.address() as { port: number }).port));
    });
    expect(await holderOfPort(port)).toMatchObject({ pid: process.pid });
    await new Promise((resolve) => server.close(resolve));
    expect(await holderOfPort(port)).toBeUndefined();
  }
});

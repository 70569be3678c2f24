import { expect, test } from 'vitest';
import { drover } from '../testing/drover.ts';
import { startFakeController } from '../testing/fake-controller.ts';

test('tells the versions of Drover on both sides, and the level of the Kubernetes API', async () => {
  const fake = await startFakeController();
  try {
    fake.on('GET', '/version', () => ({ gitVersion: 'v1.35.0+drover-0.9.1' }));
    const home = { contextFile: fake.contextFile, home: fake.directory };
    const { stdout } = await drover(['version'], home);
    expect(stdout).toMatch(
      /^drover \d+\.\d+\.\d+ \(Node\.js v.*\)\ncontroller 0\.9\.1 \(Kubernetes API v1\.35\.0\)\n$/,
    );
    expect((await drover(['--version'], home)).stdout).toBe(`${stdout.split('\n')[0]}\n`);
  } finally {
    await fake.close();
  }
});

import { expect, test } from 'vitest';
import type { Opener } from './harness.ts';

export const sizeContract = (stores: Opener): void => {
  test('sizes tell how many rows there are of what grows, and about how large they are', async () => {
    const { objects, sizes } = await stores.fresh();
    const value = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, text: 'x'.repeat(1_000) };
    const key = { resource: 'xs', namespace: '', name: 'a', value };
    await objects.write([{ ...key, type: 'created' }]);
    await objects.write([{ ...key, type: 'updated' }]);

    const { databaseBytes, kept } = await sizes();

    const revisions = kept.find(({ name }) => name === 'revisions');
    expect(revisions?.count).toBe(2);
    expect(revisions?.bytes).toBeGreaterThan(2_000);
    expect(revisions?.bytes).toBeLessThan(4_000);
    expect(kept.find(({ name }) => name === 'content')).toEqual({ name: 'content', count: 0, bytes: 0 });
    expect(databaseBytes).toBeGreaterThan(4_096);
  });
};

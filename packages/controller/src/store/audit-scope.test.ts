import { expect, test } from 'vitest';
import { scopeOf, withinScope } from './audit-scope.ts';
import { writeOperations } from './sql/operations.ts';

/** What requests do not ask for by themselves: agents' reports, the controllers' own work, upkeep. */
const ownWork = [
  'objects.compact',
  'tasks.',
  'output.',
  'agents.',
  // Certificates follow from requests for them, which are objects.
  'credentials.addCertificate',
  'credentials.revoke',
  // What has expired is removed, and what is revoked: that is named by the request's own row.
  'credentials.remove',
  'credentials.touch',
  // Passwords, codes and the like: the request's own row says that they were changed, and nothing may say more.
  'factors.',
  // What a sign-in under way waits for.
  'pending.',
  // Contents are named by the request's own row.
  'blobs.',
  'meta.',
  'audit.',
  // The same values under another key; the request for it has a row of its own.
  'sealed.',
  // Room that nothing is in, and bytes of what was removed.
  'space.',
  'bodies.',
];

test('every write of the store takes a row along, or is known not to need one', async () => {
  const scope = {
    entry: () => ({ time: '', user: '', verb: '', resource: '', decision: 'allow' as const }),
    rows: 0,
  };
  const silent = await withinScope(scope, async () =>
    Object.keys(writeOperations).filter((operation) => scopeOf(operation) === undefined),
  );
  expect(silent.length).toBeGreaterThan(0);
  expect(silent.filter((operation) => !ownWork.some((known) => operation.startsWith(known)))).toEqual([]);
  expect(scopeOf('objects.write')).toBeUndefined();
});

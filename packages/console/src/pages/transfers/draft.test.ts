import { type FileTransfer, fileTransferKind, validatorOf } from '@drover/api';
import { expect, test } from 'vitest';
import {
  type Draft,
  destinationOf,
  emptyDraft,
  fieldOf,
  problemsOf,
  toDraft,
  toPull,
  toPush,
} from './draft.ts';

const typed = (change: Partial<Draft>): Draft => ({ ...emptyDraft, nodes: '*', path: '/srv/', ...change });
const manifest = 'a'.repeat(64);

/** As the controller would store it. */
const stored = (object: Record<string, unknown>): FileTransfer =>
  validatorOf(fileTransferKind)(object, 'Strict').object as unknown as FileTransfer;

test('what is typed becomes the object that the controller takes', () => {
  const draft = typed({ mode: '0640', owner: 'web:web', batches: '1,10%' });
  expect(stored(toPush(draft, { name: 'site 100%', manifest, check: true })).spec).toMatchObject({
    direction: 'Push',
    manifest,
    path: '/srv/site 100%25',
    mode: '0640',
    owner: 'web:web',
    check: true,
    strategy: { batches: [1, '10%'] },
  });
  expect(stored(toPull(typed({ path: '/var/log/' }))).spec).toMatchObject({
    direction: 'Pull',
    path: '/var/log',
  });
});

test('a path that ends in a slash is where things go below, any other is the thing itself', () => {
  expect(destinationOf(typed({ path: '/srv/' }), 'a')).toBe('/srv/a');
  expect(destinationOf(typed({ path: '/srv/b' }), 'a')).toBe('/srv/b');
});

test('what cannot be sent is told at its field', () => {
  expect(problemsOf(typed({ path: '' }), 0)).toMatchObject({ items: 'noItems', path: 'noPath' });
  expect(problemsOf(typed({ path: 'srv' }), 1)).toMatchObject({ path: 'notAbsolute' });
  expect(problemsOf(typed({ path: '/srv' }), 2)).toMatchObject({ path: 'needsDirectory' });
  expect(problemsOf(typed({ mode: '999', nodes: '' }), 1)).toMatchObject({ mode: 'octal', nodes: 'noNodes' });
  expect(problemsOf(typed({ direction: 'pull', path: '/etc' }), 0)).toEqual({});
});

test('a transfer that is composed again is the same transfer', () => {
  const draft = typed({ path: '/srv/x%', mode: '0600', owner: 'web', width: '3' });
  const again = toDraft(stored(toPush(draft, { name: 'x', manifest, check: false })));
  expect(stored(toPush(again, { name: 'y', manifest, check: false })).spec).toEqual(
    stored(toPush(draft, { name: 'x', manifest, check: false })).spec,
  );
});

test('a cause of the controller finds its field', () => {
  expect(fieldOf('spec.path')).toBe('path');
  expect(fieldOf('spec.targets.nodeSet')).toBe('nodes');
  expect(fieldOf('spec.signed')).toBeUndefined();
});

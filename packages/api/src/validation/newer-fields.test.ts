import { Type } from 'typebox';
import { expect, test } from 'vitest';
import type { Kind } from '../kind.ts';
import { commandRunKind } from '../kinds/index.ts';
import type { KubeObject } from '../meta.ts';
import { newerFieldsOf } from './newer-fields.ts';
import { validatorOf } from './validator.ts';

const closed = { additionalProperties: false } as const;
const condition = Type.Object({ type: Type.String(), status: Type.Optional(Type.String()) }, closed);
const kind: Kind = {
  ...commandRunKind,
  schema: Type.Object(
    {
      apiVersion: Type.Literal('drover.dev/v1alpha1'),
      kind: Type.Literal('CommandRun'),
      metadata: Type.Object({ name: Type.Optional(Type.String()) }, closed),
      spec: Type.Object(
        {
          width: Type.Optional(Type.Number()),
          env: Type.Optional(Type.Record(Type.String(), Type.String())),
        },
        closed,
      ),
      steps: Type.Optional(Type.Array(Type.Object({ argv: Type.String() }, closed))),
      status: Type.Optional(
        Type.Object(
          {
            phase: Type.Optional(Type.String()),
            conditions: Type.Optional(
              Type.Array(condition, {
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['type'],
              }),
            ),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
};
delete (kind as { check?: unknown }).check;

const head = { apiVersion: 'drover.dev/v1alpha1', kind: 'CommandRun', metadata: { name: 'a' } } as const;
const stored = {
  ...head,
  spec: { width: 1, hint: { deep: [1] }, env: { A: 'x' } },
  steps: [
    { argv: 'one', pause: 1 },
    { argv: 'two', pause: 2 },
  ],
  status: {
    phase: 'Running',
    mood: 'good',
    conditions: [
      { type: 'A', status: 'True', weight: 1 },
      { type: 'B', weight: 2 },
    ],
  },
} as unknown as KubeObject;

/** As this version stores it when somebody writes `input`. */
const written = (input: Readonly<Record<string, unknown>>): KubeObject => {
  const newer = newerFieldsOf(kind, stored);
  if (newer === undefined) throw new Error('there are none');
  return newer.kept(validatorOf(kind)(newer.hidden(input), 'Strict').object);
};

test('an object of today has none', () => {
  const { spec: _, steps: __, status: ___, ...rest } = stored;
  expect(newerFieldsOf(kind, { ...rest, spec: { width: 1 } })).toBeUndefined();
});

test('who writes the object as it was read leaves everything as it is', () => {
  expect(written(stored)).toEqual(stored);
});

test('who writes only what is known here keeps the rest, also in the items of lists', () => {
  const status = { phase: 'Done', conditions: [{ type: 'B', status: 'True' }, { type: 'C' }] };
  const steps = [{ argv: 'two' }, { argv: 'three' }];
  expect(written({ ...head, spec: { width: 2 }, steps, status })).toEqual({
    ...head,
    spec: { width: 2, hint: { deep: [1] } },
    steps: [{ argv: 'two', pause: 2 }, { argv: 'three' }],
    status: {
      phase: 'Done',
      mood: 'good',
      conditions: [{ type: 'B', status: 'True', weight: 2 }, { type: 'C' }],
    },
  });
});

test('what held them is taken away with them', () => {
  expect(written({ ...head, spec: { width: 1 } })).toEqual({
    ...head,
    spec: { width: 1, hint: { deep: [1] } },
  });
});

test.each([
  ['spec.hint', { spec: { width: 1, hint: 'other' } }],
  ['spec.fresh', { spec: { width: 1, fresh: 1 } }],
  ['steps[0].pause', { spec: {}, steps: [{ argv: 'one', pause: 7 }] }],
])('another value is refused with its path: %s', (path, change) => {
  expect(() => written({ ...head, ...change })).toThrow(`unknown field "${path}"`);
});

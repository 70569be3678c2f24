import { expect, test } from 'vitest';
import { allKinds } from '../kinds/index.ts';
import type { KubeObject } from '../meta.ts';
import { humanDuration } from './duration.ts';
import { toSize } from './size.ts';
import { toTable } from './table.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [-5000, '<invalid>'],
  [-500, '0s'],
  [0, '0s'],
  [119_999, '119s'],
  [2 * minute, '2m'],
  [3 * minute + 12_000, '3m12s'],
  [10 * minute + 5000, '10m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [5 * hour + 5 * minute, '5h5m'],
  [8 * hour + minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [5 * day + 3 * hour, '5d3h'],
  [8 * day + hour, '8d'],
  [729 * day, '729d'],
  [730 * day, '2y'],
  [735 * day, '2y5d'],
  [8 * 365 * day, '8y'],
  [Number.NaN, '<invalid>'],
])('%d ms is written %s', (durationMs, words) => {
  expect(humanDuration(durationMs)).toBe(words);
});

test('sizes are written in the largest unit of which there is one', () => {
  const sizes = [0, 1023, 1536, 5 << 20, 250 * 1024, 2 ** 60, 2 ** 50];
  expect(sizes.map(toSize)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '5.0 MiB',
    '250 KiB',
    '1024 PiB',
    '1.0 PiB',
  ]);
});

const kindOf = (word: string) => {
  const kind = allKinds.find((k) => k.kind === word);
  if (kind === undefined) throw new Error(`no kind ${word}`);
  return kind;
};
const nowMs = Date.parse('2026-01-02T00:00:00Z');
const options = { nowMs, includeObject: 'Metadata', resourceVersion: '7' } as const;
const metadata = { name: 'n1', creationTimestamp: '2026-01-01T00:00:00Z' };

test('a Node has the columns of kubectl', () => {
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...metadata, labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'db' } },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1', osImage: 'Debian', kernelVersion: '6.1' },
    },
  };
  const table = toTable(kindOf('Node'), [node], options);
  const names = table.columnDefinitions.map((c) => c.name).join(' ');
  expect(names).toBe(
    'Name Status Roles Age Version Internal-IP External-IP OS-Image Kernel-Version Container-Runtime',
  );
  expect(table.rows[0]?.cells).toEqual([
    'n1',
    'Ready,SchedulingDisabled',
    'db,worker',
    '24h',
    'v1',
    '10.0.0.1',
    '<none>',
    'Debian',
    '6.1',
    '<unknown>',
  ]);
  expect(table.rows[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'n1' } });
});

test('every kind gives one cell per column even for an object without content', () => {
  for (const kind of allKinds) {
    const bare = { apiVersion: 'v1', kind: kind.kind, metadata } as KubeObject;
    const table = toTable(kind, [bare], options);
    expect(table.rows[0]?.cells).toHaveLength(table.columnDefinitions.length);
    expect(table.rows[0]?.cells.every((cell) => cell !== undefined)).toBe(true);
  }
});

test('other kinds begin with Name and end with Age; events and requests as kubectl prints them', () => {
  const columns = (word: string) =>
    toTable(kindOf(word), [], options)
      .columnDefinitions.filter((c) => c.priority === 0)
      .map((c) => c.name);
  expect(columns('Secret')).toEqual(['Name', 'Type', 'Data', 'Age']);
  expect(columns('CommandRun')).toEqual(['Name', 'Phase', 'Nodes', 'OK', 'Failed', 'Age']);
  expect(columns('Event')).toEqual(['Last Seen', 'Type', 'Reason', 'Object', 'Message']);
  expect(columns('CertificateSigningRequest')).toEqual([
    'Name',
    'Age',
    'SignerName',
    'Requestor',
    'RequestedDuration',
    'Condition',
  ]);
});

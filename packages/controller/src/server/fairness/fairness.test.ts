import { configMaps, createClient } from '@drover/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { type Ground, openGround } from '../test-ground.ts';
import { tokenOf } from '../test-people.ts';
import { flowOf } from './flows.ts';

let ground: Ground;

const tight = { seats: 4, seatsPerFlow: 3, waitingPerFlow: 5, staysPerFlow: 3 };

beforeAll(async () => {
  ground = await openGround({ fairness: { people: tight } });
});
afterAll(() => ground.close());

const clientOf = async (user: string) =>
  createClient({ address: ground.address, caPem: ground.caPem, token: await tokenOf(ground, user) });

/** One figure of /metrics. */
const figure = async (line: string): Promise<number> => {
  let text = '';
  for await (const part of ground.client.http.bytes({ path: '/metrics', accept: '*/*' })) {
    text += Buffer.from(part).toString();
  }
  const found = text.split('\n').find((one) => one.startsWith(line));
  return Number(found?.slice(line.length));
};

it('tells who asks by what they showed, not by whom they act as', () => {
  const user = { kind: 'user', name: 'alice', groups: [] } as const;
  expect(flowOf(user, '192.0.2.1', '/api/v1/nodes')).toEqual({ level: 'people', flow: 'alice' });
  const acting = { ...user, impersonator: 'mallory' };
  expect(flowOf(acting, '192.0.2.1', '/api/v1/nodes')).toEqual({ level: 'people', flow: 'mallory' });
  const program = { ...user, name: 'system:serviceaccount:default:ci' };
  expect(flowOf(program, '192.0.2.1', '/api/v1/nodes').level).toBe('programs');
  expect(flowOf({ kind: 'node', name: 'web1' }, '192.0.2.1', '/api/v1/nodes').level).toBe('system');
  expect(flowOf(null, '192.0.2.1', '/livez').level).toBe('system');
  const stranger = { level: 'strangers', flow: '2001:db8:0:1' };
  expect(flowOf(null, '2001:db8:0:1::7', '/sign-in')).toEqual(stranger);
});

it('turns the surplus of a flood away with 429 and Retry-After, and serves everybody else', async () => {
  const body = { metadata: { generateName: 'flood-' } };
  const flood = Promise.allSettled(Array.from({ length: 300 }, () => ground.client.create(configMaps, body)));
  const other = await clientOf('modest');
  // Not allowed, which is an answer: it came through.
  const answers = await Promise.allSettled(Array.from({ length: 3 }, () => other.list(configMaps)));
  for (const answer of answers) expect(answer).toMatchObject({ reason: { code: 403 } });
  const refused = (await flood).flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused.length).toBeGreaterThan(0);
  for (const reason of refused) {
    expect(reason).toMatchObject({ code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } });
  }
  const { items } = await ground.client.list(configMaps);
  expect(items).toHaveLength(300 - refused.length);
  expect(await figure('drover_flow_rejected_total{level="people",reason="queue-full"} ')).toBe(
    refused.length,
  );
  other.close();
});

it('counts watches apart and bounds them, and every seat comes back', async () => {
  const path = '/api/v1/configmaps?watch=1';
  const watches = [];
  for (let n = 0; n < 3; n++) watches.push(await ground.client.http.open({ path }));
  await expect(ground.client.http.open({ path })).rejects.toMatchObject({ code: 429 });
  expect(await figure('drover_flow_long_running{level="people"} ')).toBe(3);
  for (const watch of watches) watch.destroy();
  await waitFor('the watches to go', async () => {
    return (await figure('drover_flow_long_running{level="people"} ')) === 0;
  });
  // The one that asks.
  expect(await figure('drover_flow_executing{level="people"} ')).toBe(1);
  expect(await figure('drover_flow_queued{level="people"} ')).toBe(0);
});

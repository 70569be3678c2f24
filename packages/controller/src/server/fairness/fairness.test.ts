import { request } from 'node:https';
import { type Client, configMaps, createClient } from '@drover/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../../../test/harness/wait.ts';
import { type Ground, openGround } from '../test-ground.ts';
import { bind, tokenOf } from '../test-people.ts';
import { flowOf } from './flows.ts';

let ground: Ground;
let onlooker: Client;

const tight = { seats: 4, seatsPerFlow: 3, waitingPerFlow: 5, staysPerFlow: 3 };

beforeAll(async () => {
  ground = await openGround({ fairness: { people: tight } });
  await bind(ground, 'onlooker', 'operator');
  await bind(ground, 'modest', 'view');
  onlooker = await clientOf('onlooker');
});
afterAll(async () => {
  onlooker.close();
  await ground.close();
});

const clientOf = async (user: string) =>
  createClient({ address: ground.address, caPem: ground.caPem, token: await tokenOf(ground, user) });

/** One figure of /metrics, as somebody sees it who is not of the flood. */
const figure = async (line: string): Promise<number> => {
  let text = '';
  for await (const part of onlooker.http.bytes({ path: '/metrics', accept: '*/*' })) {
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

/** A request that is under way as long as its body is: the head is sent, the rest when `send` is called. */
const openCreate = (name: string): { readonly send: () => Promise<number> } => {
  const body = JSON.stringify({ metadata: { name } });
  const headers = {
    authorization: `Bearer ${ground.token}`,
    'content-type': 'application/json',
    'content-length': body.length,
  };
  const path = '/api/v1/namespaces/default/configmaps';
  const outgoing = request(`${ground.address}${path}`, {
    method: 'POST',
    ca: ground.caPem,
    headers,
    agent: false,
  });
  const code = new Promise<number>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
  });
  outgoing.flushHeaders();
  return {
    send: () => {
      outgoing.end(body);
      return code;
    },
  };
};

const queued = () => figure('drover_flow_queued{level="people"} ');
const executing = () => figure('drover_flow_executing{level="people"} ');

it('turns the surplus of a flood away with 429 and Retry-After, and serves everybody else meanwhile', async () => {
  const held = Array.from({ length: tight.seatsPerFlow }, (_, n) => openCreate(`held-${n}`));
  // And the one that asks.
  await waitFor('the flow to have all that one may have', async () => (await executing()) === 3 + 1);
  const body = { metadata: { generateName: 'flood-' } };
  const flood = Promise.allSettled(Array.from({ length: 300 }, () => ground.client.create(configMaps, body)));
  await waitFor('the rest of the flood to wait', async () => (await queued()) === tight.waitingPerFlow);
  const modest = await clientOf('modest');
  // In bounded time: who waits longer than maxWaitMs is turned away, so the flood could not be waiting any more.
  for (let n = 0; n < 10; n++) expect(await modest.list(configMaps)).toMatchObject({ items: [] });
  modest.close();
  expect(await queued()).toBe(tight.waitingPerFlow);

  expect(await Promise.all(held.map(({ send }) => send()))).toEqual([201, 201, 201]);
  const refused = (await flood).flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused).toHaveLength(300 - tight.waitingPerFlow);
  for (const reason of refused) {
    expect(reason).toMatchObject({ code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } });
  }
  const { items } = await ground.client.list(configMaps);
  expect(items).toHaveLength(tight.seatsPerFlow + tight.waitingPerFlow);
  expect(await figure('drover_flow_rejected_total{level="people",reason="queue-full"} ')).toBe(
    refused.length,
  );
}, 30_000);

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

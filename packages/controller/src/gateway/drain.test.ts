import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';

const deadline = { timeout: 10_000, interval: 5 };
let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterEach(() => ground.rest());
afterAll(() => ground.close());

const connect = async (name: string, onLeave: (withinMs: number) => void = () => undefined) => {
  const handlers = { leave: async ({ withinMs }: { readonly withinMs: number }) => onLeave(withinMs) };
  const agent = ground.agent(await ground.identity(name), { reconnect: true, handlers });
  agent.connect();
  await expect.poll(() => agent.connected, deadline).toBe(true);
  return agent;
};

it('an agent that is told to leave goes, one that does not know the word is cut off by the end', async () => {
  const gateway = await ground.start();
  const [n1, n2] = [ground.newNode(), ground.newNode()];
  const told: number[] = [];
  const knowing = await connect(n1, (withinMs) => {
    told.push(withinMs);
    knowing.close();
  });
  const old = await connect(n2);
  expect(gateway.left()).toEqual({ agents: 2 });

  await gateway.drain(AbortSignal.timeout(10_000));

  expect([told, old.connected, gateway.left()]).toEqual([[0], true, { agents: 1 }]);
  await ground.start();
  await expect.poll(() => old.connected, deadline).toBe(true);
});

it('nobody new is let in while it drains', async () => {
  const gateway = await ground.start();
  await gateway.drain(AbortSignal.timeout(10_000));
  const late = ground.agent(await ground.identity(ground.newNode()), { reconnect: true });
  late.connect();
  await expect.poll(() => late.lastError, deadline).toContain('ECONNREFUSED');
  await ground.start();
  await expect.poll(() => late.connected, deadline).toBe(true);
});

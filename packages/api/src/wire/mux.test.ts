import { describe, expect, it } from 'vitest';
import type { AgentService, ControllerService } from './agent.gen.ts';
import { ProblemError } from './messages.ts';
import { createMux, type Mux } from './mux.ts';

const done = async (): Promise<void> => undefined;
const agentService: AgentService = {
  start: done,
  cancel: done,
  openShell: done,
  shellInput: done,
  resizeShell: done,
  closeShell: done,
  update: done,
  uninstall: done,
  leave: done,
  ping: done,
};
const controllerService: ControllerService = {
  hello: async () => ({ serverTimeMs: 1, heartbeatSeconds: 10, forget: [], renewAtPercent: 70 }),
  report: done,
  facts: done,
  ping: done,
  heartbeat: done,
  renew: async ({ request }) => request.toUpperCase(),
  shellOutput: done,
  shellClosed: done,
};

interface Pair {
  readonly controller: Mux<'Agent'>;
  readonly agent: Mux<'Controller'>;
  readonly errors: unknown[];
}

/** Two ends joined directly; `agent.receive` and `controller.receive` run in the same turn. */
const pair = (
  agentSide: Partial<AgentService>,
  controllerSide: Partial<ControllerService> = {},
  inboundCalls = 256,
): Pair => {
  const errors: unknown[] = [];
  const common = {
    timeoutMs: 10_000,
    inboundCalls,
    onError: (_: string, error: unknown) => errors.push(error),
  };
  const controller: Mux<'Agent'> = createMux({
    ...common,
    local: 'Controller',
    remote: 'Agent',
    handlers: { ...controllerService, ...controllerSide },
    send: (frame) => void agent.receive(frame.subarray(4)),
  });
  const agent: Mux<'Controller'> = createMux({
    ...common,
    local: 'Agent',
    remote: 'Controller',
    handlers: { ...agentService, ...agentSide },
    send: (frame) => void controller.receive(frame.subarray(4)),
  });
  return { controller, agent, errors };
};
const heartbeat = {
  timeMs: 1,
  load1: 0.5,
  memoryTotalKib: 1,
  memoryAvailableKib: 1,
  cpuBusyPermille: 1,
  diskFreeKib: 1,
  uptimeSeconds: 1,
  runningTasks: 0,
};

describe('mux', () => {
  it('calls go both ways at once and answers find their callers out of order', async () => {
    const waiting: (() => void)[] = [];
    const { controller, agent } = pair({ ping: () => new Promise((resolve) => waiting.push(resolve)) });
    const order: number[] = [];
    const calls = [0, 1, 2].map((i) => controller.call('ping', {}).then(() => order.push(i)));
    expect(await agent.call('renew', { request: 'abc' })).toBe('ABC');
    for (const resolve of waiting.reverse()) resolve();
    await Promise.all(calls);
    expect(order).toEqual([2, 1, 0]);
    expect(controller.pending).toBe(0);
  });

  it('a refusal reaches the caller with its code, an inner error does not tell what it was', async () => {
    const { controller, errors } = pair({
      start: () => Promise.reject(new ProblemError('busy', 'cannot start: full')),
      ping: () => Promise.reject(new Error('secret')),
    });
    await expect(controller.call('start', { tasks: [] })).rejects.toEqual(
      new ProblemError('busy', 'cannot start: full'),
    );
    await expect(controller.call('ping', {})).rejects.toMatchObject({
      code: 'internal',
      message: expect.not.stringContaining('secret'),
    });
    expect(errors).toEqual([new Error('secret')]);
  });

  it('a call without an answer ends at its timeout and a late answer is dropped', async () => {
    const waiting: (() => void)[] = [];
    const { controller } = pair({ ping: () => new Promise((resolve) => waiting.push(resolve)) });
    await expect(controller.call('ping', {}, 5)).rejects.toMatchObject({ reason: 'Timeout' });
    for (const resolve of waiting) resolve();
    expect(controller.pending).toBe(0);
  });

  it('the end of the connection rejects what is pending and what comes later', async () => {
    const { controller } = pair({ ping: () => new Promise(() => undefined) });
    const call = controller.call('ping', {});
    controller.close('connection closed');
    await expect(call).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'cannot call ping: connection closed',
    });
    await expect(controller.call('ping', {})).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  it('a oneway call is handled and never answered', async () => {
    const beats: unknown[] = [];
    const { agent, errors } = pair({}, { heartbeat: async (args) => void beats.push(args.heartbeat) });
    await agent.call('heartbeat', { heartbeat });
    expect(beats).toEqual([heartbeat]);
    const failing = pair({}, { heartbeat: () => Promise.reject(new Error('x')) });
    await failing.agent.call('heartbeat', { heartbeat });
    await expect.poll(() => failing.errors).toEqual([new Error('x')]);
    expect(errors).toEqual([]);
  });

  it('more calls at a time than the bound are refused as busy', async () => {
    const { controller } = pair({ ping: () => new Promise(() => undefined) }, {}, 2);
    controller.call('ping', {}).catch(() => undefined);
    controller.call('ping', {}).catch(() => undefined);
    await expect(controller.call('ping', {})).rejects.toMatchObject({ code: 'busy' });
    controller.close('end of test');
  });

  it('a call of an unknown method is answered, garbage is thrown', async () => {
    const sent: Uint8Array[] = [];
    const mux = createMux({
      local: 'Controller',
      remote: 'Agent',
      handlers: controllerService,
      send: (frame) => sent.push(frame),
      timeoutMs: 1000,
      onError: () => undefined,
    });
    const unknownCall = [0x80, 1, 0, 1, 0, 0, 0, 3, 102, 111, 111, 0, 0, 0, 9, 0];
    mux.receive(Uint8Array.from(unknownCall));
    expect(sent[0]?.subarray(4, 8)).toEqual(Uint8Array.of(0x80, 1, 0, 3));
    expect(() => mux.receive(Uint8Array.of(1, 2, 3, 4, 5))).toThrow(/strict binary/);
  });
});

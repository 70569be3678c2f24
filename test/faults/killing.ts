// Owns killing processes at random moments: the controller or one of its agents, with SIGKILL, and starting them again.
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentProcess } from '../harness/agents.ts';
import type { ControllerProcess } from '../harness/controller.ts';

export interface Victims {
  readonly controller: ControllerProcess;
  readonly agents: readonly AgentProcess[];
}

export interface Killed {
  readonly controller: number;
  readonly agents: number;
}

export const randomBelow = (limit: number): number => Math.floor(Math.random() * limit);

/** So long at most until the next kill: long enough for work to be under way again, at times not. */
const calmMs = 500;

const killAgent = async (agent: AgentProcess): Promise<void> => {
  await agent.end('SIGKILL');
  agent.run();
};

const killController = async (controller: ControllerProcess): Promise<void> => {
  await controller.kill9();
  await controller.start();
};

/** One kill in three is the controller's. */
export const killAtRandom = async (
  { controller, agents }: Victims,
  kills: number,
  signal: AbortSignal,
): Promise<Killed> => {
  const killed = { controller: 0, agents: 0 };
  for (let n = 0; n < kills; n++) {
    await delay(randomBelow(calmMs), undefined, { signal });
    const agent = randomBelow(3) === 0 ? undefined : agents[randomBelow(agents.length)];
    if (agent) await killAgent(agent);
    else await killController(controller);
    killed[agent ? 'agents' : 'controller']++;
  }
  return killed;
};

// Owns a controller with lab hosts for tests: hosts booted, ports relayed, joined by the pasted line.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, gatewayAddress, Lab, type Release } from '../../lab/index.ts';
import { type CliResult, drover } from './cli.ts';
import { ControllerProcess } from './controller.ts';
import { waitFor } from './wait.ts';

export interface LabFleetOptions {
  readonly hosts: Readonly<Record<string, Release>>;
  /** More options of the controller. */
  readonly args?: (work: string) => readonly string[] | Promise<readonly string[]>;
}

/** What `drover node facts -o json` says of an agent. */
export interface AgentFacts {
  readonly agentVersion: string;
  readonly agentSha256: string;
  readonly connected: boolean;
  readonly sinceMs: number;
  readonly bootId: string;
}

export class LabFleet {
  readonly lab: Lab;
  readonly controller: ControllerProcess;
  /** A folder for the test's own files; also where the CLI runs. */
  readonly work: string;

  private constructor(lab: Lab, controller: ControllerProcess, work: string) {
    this.lab = lab;
    this.controller = controller;
    this.work = work;
  }

  /** Resolves when the controller answers and every host is up; nobody has joined yet. */
  static async open({ hosts, args }: LabFleetOptions): Promise<LabFleet> {
    const work = await mkdtemp(join(tmpdir(), 'drover-fleet-'));
    const more = (await args?.(work)) ?? [];
    const lab = await Lab.open();
    const controller = await ControllerProcess.start({ address: gatewayAddress, args: more });
    const fleet = new LabFleet(lab, controller, work);
    await lab.relay(controller.port);
    await lab.relay(controller.agentPort);
    for (const [name, release] of Object.entries(hosts)) await lab.up(name, release);
    return fleet;
  }

  drover(...args: string[]): Promise<CliResult> {
    return drover(this.controller, args, { cwd: this.work });
  }

  /** The line that `drover token create` prints. */
  async joinLine(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.drover('token', 'create', ...args);
    if (code !== 0) throw new Error(`cannot make a token: ${stderr}`);
    return stdout.trim();
  }

  sh(host: string, script: string, input?: string): Promise<Finished> {
    return this.lab.exec(host, ['sh', '-c', script], input === undefined ? {} : { input });
  }

  /** Output of a script that must end well. */
  async out(host: string, script: string): Promise<string> {
    const { code, stdout, stderr } = await this.sh(host, script);
    if (code !== 0) throw new Error(`${host}: ${script}: ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** Joins with a token of its own and waits until the node is Ready. */
  async join(host: string): Promise<void> {
    await this.out(host, await this.joinLine());
    await this.ready(host);
  }

  ready(node: string): Promise<boolean> {
    const look = async () =>
      (await this.drover('get', 'node', node, '-o', 'json')).stdout.includes('"status": "True"');
    return waitFor(`${node} to be ready`, look, 60_000);
  }

  async agent(node: string): Promise<AgentFacts> {
    const { stdout } = await this.drover('node', 'facts', node, '-o', 'json');
    return (JSON.parse(stdout) as { agent: AgentFacts }).agent;
  }

  /** Resolves when the agent of the host has logged something with these words. */
  async logged(host: string, words: string): Promise<string> {
    return waitFor(`${host} to log "${words}"`, async () => {
      const { stdout } = await this.sh(host, 'journalctl -u drover-agent --no-pager -o cat');
      return stdout.split('\n').findLast((line) => line.includes(words));
    });
  }

  async close(): Promise<void> {
    await this.controller.close();
    await this.lab.close();
    await rm(this.work, { recursive: true, force: true });
  }
}

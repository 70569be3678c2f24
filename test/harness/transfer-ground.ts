// Owns a controller with real agents on loopback for tests of transfers. Every agent sees a folder of its own under the
// same path, as servers do; one may have a small disk there.
import { mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, fileTransfers, nodes, type Task } from '@drover/client';
import { AgentProcess } from './agents.ts';
import { type CliResult, drover } from './cli.ts';
import { ControllerProcess } from './controller.ts';
import { createOwnViews, type OwnViews } from './own-view.ts';
import { numberInDatabase } from './rows.ts';
import { waitFor } from './wait.ts';

export interface Pushed {
  readonly cli: CliResult;
  readonly name: string;
  readonly tasks: readonly Task[];
  /** Of the first node. */
  readonly detail: {
    readonly changed: boolean;
    readonly bytesSent: number;
    readonly bytesSkipped: number;
    readonly changes: readonly { readonly path: string; readonly action: string; readonly diff?: string }[];
    readonly refused: readonly { readonly path: string; readonly reason: string }[];
  };
  readonly reason: string;
}

const namespaceOf = (pid: number | string): string => {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return ''; // it has ended
  }
};

export class TransferGround {
  readonly controller: ControllerProcess;
  readonly client: Client;
  /** Folder of the test's own files; also where the CLI runs. */
  readonly work: string;
  readonly #views: OwnViews;
  readonly #root: string;
  readonly #agents = new Map<string, AgentProcess>();

  private constructor(root: string, views: OwnViews, controller: ControllerProcess) {
    this.#root = root;
    this.#views = views;
    this.controller = controller;
    this.work = join(root, 'work');
    mkdirSync(this.work);
    const { address, caPem, token } = controller.context;
    this.client = createClient({ address, caPem, token });
  }

  /** Resolves when every agent is Ready. `disks`: sizes in bytes of the disks of those that have one. */
  static async open(
    names: readonly string[],
    disks: Readonly<Record<string, number>> = {},
  ): Promise<TransferGround> {
    const root = await mkdtemp(join(tmpdir(), 'drover-files-'));
    const views = await createOwnViews(root);
    const ground = new TransferGround(root, views, await ControllerProcess.start());
    for (const name of names) await ground.#join(name, await views.pythonOf(name));
    for (const [name, size] of Object.entries(disks))
      await ground.#join(name, await views.pythonWithDisk(name, size));
    for (const name of ground.#agents.keys()) await ground.ready(name);
    return ground;
  }

  async #join(name: string, python: string): Promise<void> {
    const made = await this.drover('token', 'create', '--uses', '1', '-o', 'json');
    const token = /DROVER_TOKEN=['"]?([^\s'"]+)/.exec(made.stdout)?.[1] ?? '';
    const agent = new AgentProcess({
      context: this.controller.context,
      token,
      name,
      dir: join(this.#root, 'agents'),
      python,
    });
    this.#agents.set(name, agent);
    await agent.join();
  }

  /** The path that every agent sees as its own. */
  get path(): string {
    return this.#views.path;
  }

  /** Where a path below `path` of that node really is. */
  on(name: string, below: string): string {
    return join(this.#views.directoryOf(name), below);
  }

  agent(name: string): AgentProcess {
    const agent = this.#agents.get(name);
    if (!agent) throw new Error(`no agent ${name}`);
    return agent;
  }

  drover(...args: string[]): Promise<CliResult> {
    return drover(this.controller, args, { cwd: this.work });
  }

  /** Pushes a path of `work` to a path below `path`, and reads how it ended. */
  async push(nodeSet: string, source: string, below: string, ...options: string[]): Promise<Pushed> {
    return this.outcome(
      await this.drover(
        'push',
        '-n',
        nodeSet,
        '-o',
        'json',
        ...options,
        source,
        `:${join(this.path, below)}`,
      ),
    );
  }

  outcome(cli: CliResult): Pushed {
    const said = JSON.parse(cli.stdout || '{}') as {
      readonly transfer?: { readonly metadata: { readonly name: string } };
      readonly results?: readonly Task[];
    };
    const tasks = said.results ?? [];
    const result = tasks[0]?.result;
    return {
      cli,
      tasks,
      name: said.transfer?.metadata.name ?? '',
      // The JSON of docs/protocol.md section 4.
      detail: result?.detail as unknown as Pushed['detail'],
      reason: result?.reason ?? '',
    };
  }

  /** A push of a manifest as it is, which the CLI would never make; how it ended on the node. */
  async pushManifest(node: string, lines: readonly unknown[], content: string, below: string): Promise<Task> {
    const upload = async (data: Buffer) => {
      const { createHash } = await import('node:crypto');
      const sha256 = createHash('sha256').update(data).digest('hex');
      const read = async function* (offset: number) {
        yield data.subarray(offset);
      };
      await this.client.content.upload({ sizeBytes: data.length, sha256, read });
      return sha256;
    };
    const sha256 = await upload(Buffer.from(content));
    const [head, ...entries] = lines.map((line) => JSON.stringify(line).replaceAll('CONTENT', sha256));
    const manifest = await upload(Buffer.from(`${[head, ...entries].join('\n')}\n`));
    const made = await this.client.create(fileTransfers, {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'FileTransfer',
      metadata: { generateName: 'crafted-', namespace: 'default' },
      spec: { direction: 'Push', manifest, path: join(this.path, below), targets: { nodeSet: node } },
    });
    return this.task(made.metadata.name ?? '', node);
  }

  /** The task of a transfer on a node, once it has ended. */
  task(name: string, node: string): Promise<Task> {
    return waitFor(
      `${name} to end on ${node}`,
      async () => {
        const { items } = await this.client.results(
          { kind: fileTransfers, name, namespace: 'default' },
          { node },
        );
        return items[0]?.result ? items[0] : undefined;
      },
      60_000,
    );
  }

  ready(name: string): Promise<boolean> {
    return waitFor(`${name} to be ready`, async () => {
      const { status } = await this.client.get(nodes, name);
      return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
    });
  }

  /** As a power cut: ends the agent and all that it started, at once. */
  async cutPower(name: string): Promise<void> {
    const agent = this.agent(name);
    const own = namespaceOf(agent.pid);
    const all = readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && own !== '' && namespaceOf(pid) === own,
    );
    if (own === namespaceOf('self')) throw new Error(`${name} has no namespace of its own`);
    for (const pid of all) process.kill(Number(pid), 'SIGKILL');
    await agent.end('SIGKILL');
  }

  /** Bytes of all contents and manifests that the controller keeps. */
  async storedBytes(): Promise<number> {
    const { dataDir, storeUrl } = this.controller;
    if (storeUrl !== undefined)
      return numberInDatabase(storeUrl, 'SELECT coalesce(sum(octet_length(data)), 0) FROM piece');
    const blobs = join(dataDir, 'blobs');
    const files = readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  }

  async close(): Promise<void> {
    this.client.close();
    for (const agent of this.#agents.values()) await agent.end('SIGKILL');
    await this.controller.close();
    await rm(this.#root, { recursive: true, force: true });
  }
}

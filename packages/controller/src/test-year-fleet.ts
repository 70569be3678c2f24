// What a fleet and its people write in a step of some days, for the simulation of a year (test-year.ts). Gateway and agents
// are played: their rows go to the store as the real ones' do.
// I1: every rate is stated in `rates`; nothing is written beside them.
import { createHash, randomUUID } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CommandRun,
  commandRunKind,
  eventKind,
  fileTransferKind,
  type Kind,
  type KubeObject,
  nodeKind,
  sshEnrollmentKind,
} from '@drover/api';
import { createIssuer } from './auth/issue.ts';
import { openSlowing, type Slowing } from './auth/people/slowing.ts';
import { forgetAgent } from './controllers/node/removal.ts';
import { planHistory } from './controllers/schedule/history.ts';
import { isFinalPhase, toWork } from './controllers/work/work.ts';
import { type Clock, toTimestamp } from './platform/clock.ts';
import { silentLog } from './platform/log.ts';
import type { Resources } from './resources/resources.ts';
import type { Store, TaskRow } from './store/store.ts';

/** What a fleet of 500 servers is taken to do; per node or for all of them, in a day. */
export const rates = {
  /** By a schedule on all nodes, kept as the policy says. */
  dailyRuns: 1,
  dailyOutputBytes: 2_048,
  /** Of hourly checks by a schedule that keeps 3 good runs and 1 bad one: the last two of each step are played. */
  checksPerStep: 2,
  checkOutputBytes: 120,
  /** Breaks of the connection of each node: two Events and two changes of the Node each. */
  reconnectsPerNode: 1,
  factsPerNode: 1,
  /** A push to all nodes, of a file that nobody pushed before. */
  pushesPerWeek: 1,
  fileBytes: 65_536,
  certificateDays: 90,
  renewedAfterDays: 60,
  /** Requests of people and programs that change something, a row of the trail each. */
  audited: 2_000,
  signIns: 40,
  failedTries: 40,
  recordings: 4,
  recordingBytes: 20_000,
  /** Servers that are replaced by others. */
  replaced: 1,
  sshEnrolments: 1,
} as const;

const dayMs = 86_400_000;
const people = 20;
const nodeName = (index: number): string => `n${index}`;

export interface FleetDeps {
  readonly store: Store;
  readonly resources: Resources;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly nodes: number;
  /** Of the rates that are not by node; 1: those of 500 nodes. */
  readonly share: number;
  /** Days that a step stands for. */
  readonly stepDays: number;
}

const noCounters = {
  ...{ exitCode: 0, signal: 0, reason: '', userMs: 1, systemMs: 1, maxRssKib: 900 },
  ...{ stdoutBytes: 0, stderrBytes: 0, stdoutDropped: 0, stderrDropped: 0, survivors: 0, detail: null },
};

/** Takes what is queued, as connected agents do, and ends it with output. */
const playAgents = ({ store, clock }: FleetDeps) => {
  let outputBytes = 0;
  const answer = async (rows: readonly TaskRow[]): Promise<void> => {
    const nowMs = clock.nowMs();
    const ids = await store.tasks.markSent(
      rows.map(({ id }) => id),
      'j',
      nowMs,
    );
    const text = (id: string) =>
      Buffer.from(id.repeat(Math.ceil(outputBytes / id.length)).slice(0, outputBytes));
    const output = ids.map((taskId) => ({
      taskId,
      stream: 1 as const,
      offset: 0,
      timeMs: nowMs,
      data: text(taskId),
    }));
    const results = ids.map((id) => ({
      ...{ id, state: 'exited' as const, startedAtMs: nowMs, finishedAtMs: nowMs },
      result: { ...noCounters, stdoutBytes: outputBytes },
    }));
    await store.tasks.report({
      output,
      started: ids.map((id) => ({ id, timeMs: nowMs })),
      progress: [],
      results,
    });
  };
  const unsubscribe = store.tasks.onChange((rows) => {
    const queued = rows.filter(({ state }) => state === 'queued');
    // What is under way when the year is cut short is of no use to anybody.
    if (queued.length > 0) answer(queued).catch(() => undefined);
  });
  return {
    close: unsubscribe,
    print: (bytes: number) => {
      outputBytes = bytes;
    },
  };
};

/** How many of a number fall into each step: fractions add up. */
class Due {
  readonly #rest = new Map<string, number>();

  of(name: string, perStep: number): number {
    const sum = (this.#rest.get(name) ?? 0) + perStep;
    this.#rest.set(name, sum % 1);
    return Math.floor(sum);
  }
}

const times = async (count: number, make: (index: number) => Promise<unknown>): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, index) => make(index)));
};

class Fleet {
  readonly #deps: FleetDeps;
  readonly #agents: ReturnType<typeof playAgents>;
  readonly #slowing: Slowing;
  readonly #due = new Due();
  readonly #living: string[];
  /** Which of the nodes comes next, by what is done to them. */
  readonly #next = new Map<string, number>();
  #made: number;
  #tries = 0;

  constructor(deps: FleetDeps, slowing: Slowing) {
    this.#deps = deps;
    this.#slowing = slowing;
    this.#agents = playAgents(deps);
    this.#living = Array.from({ length: deps.nodes }, (_, index) => nodeName(index));
    this.#made = deps.nodes;
  }

  async open(): Promise<void> {
    await Promise.all(this.#living.map((node) => this.#join(node)));
  }

  /** What happens in `stepDays`. */
  async step(): Promise<void> {
    const { store, share, stepDays, clock } = this.#deps;
    const daily = (name: string, rate: number) => this.#due.of(name, rate * share * stepDays);
    for (const node of this.#living) store.agents.heartbeat(node, { load1: 0.1, at: clock.nowMs() });
    await times(daily('audit', rates.audited), (index) => this.#audit(index));
    await this.#each('reconnects', rates.reconnectsPerNode, (node) => this.#reconnect(node));
    await this.#each('facts', rates.factsPerNode, (node) => store.agents.setFacts(node, this.#facts()));
    await this.#each('certificates', 1 / rates.renewedAfterDays, (node) => this.#certify(node));
    await times(daily('signIns', rates.signIns), (index) => this.#signIn(index));
    await times(daily('failedTries', rates.failedTries), () => this.#fail());
    await times(daily('recordings', rates.recordings), () => this.#record());
    await times(daily('ssh', rates.sshEnrolments), () => this.#enrolOverSsh());
    for (let due = daily('replaced', rates.replaced); due > 0; due--) await this.#replace();
    await this.#checks(rates.checksPerStep);
    for (let due = this.#due.of('pushes', (rates.pushesPerWeek * stepDays) / 7); due > 0; due--)
      await this.#push();
    await this.#runs(this.#due.of('runs', rates.dailyRuns * stepDays));
  }

  close(): void {
    this.#agents.close();
  }

  /** Some of the nodes, so that all have had their turn after a while. */
  async #each(name: string, perNode: number, run: (node: string) => Promise<unknown>): Promise<void> {
    const count = this.#due.of(name, perNode * this.#living.length * this.#deps.stepDays);
    const from = this.#next.get(name) ?? 0;
    this.#next.set(name, from + count);
    await times(count, (index) => run(this.#living[(from + index) % this.#living.length] ?? ''));
  }

  #certify(node: string): Promise<void> {
    const { store, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const row = { serial: randomUUID(), subject: `node:${node}`, fingerprint: 'f'.repeat(64) };
    const life = { notBeforeMs: nowMs, notAfterMs: nowMs + rates.certificateDays * dayMs, revokedAtMs: 0 };
    return store.credentials.addCertificate({ ...row, publicKeySha256: 'k'.repeat(64), ...life });
  }

  #facts(): Readonly<Record<string, unknown>> {
    return { os: { id: 'debian', version: '12' }, at: this.#deps.clock.nowMs(), packages: 'x'.repeat(1_000) };
  }

  #connect(node: string): Promise<void> {
    const about = { serial: '', machineId: node, bootId: node, journalId: 'j', agentVersion: '1' };
    const row = { node, ...about, agentSha256: '', pythonVersion: '3', facts: this.#facts() };
    return this.#deps.store.agents.connected(row, this.#deps.clock.nowMs());
  }

  async #join(node: string): Promise<void> {
    await this.#deps.resources.create(nodeKind, '', { metadata: { name: node } });
    await this.#certify(node);
    await this.#connect(node);
  }

  #tell(node: string, reason: string): Promise<KubeObject> {
    const time = toTimestamp(this.#deps.clock.nowMs());
    return this.#deps.resources.create(eventKind, 'default', {
      metadata: { generateName: `${node}.` },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: node },
      ...{ type: 'Normal', reason, message: `the agent is ${reason}`, count: 1 },
      ...{ firstTimestamp: time, lastTimestamp: time, source: { component: 'node-controller' } },
    });
  }

  #setStatus(kind: Kind, namespace: string, name: string, status: object): Promise<unknown> {
    const change = (object: KubeObject) => ({ ...object, status });
    return this.#deps.resources.modify(kind, namespace, name, change, { subresource: 'status' });
  }

  #setReady(node: string, status: 'True' | 'False'): Promise<unknown> {
    const lastHeartbeatTime = toTimestamp(this.#deps.clock.nowMs());
    return this.#setStatus(nodeKind, '', node, {
      conditions: [{ type: 'Ready', status, lastHeartbeatTime }],
    });
  }

  async #reconnect(node: string): Promise<void> {
    await this.#deps.store.agents.disconnected(node, this.#deps.clock.nowMs());
    await this.#setReady(node, 'False');
    await this.#tell(node, 'NodeNotReady');
    await this.#connect(node);
    await this.#setReady(node, 'True');
    await this.#tell(node, 'NodeReady');
  }

  /** Resolves when it has ended. */
  async #work(kind: Kind, labels: Readonly<Record<string, string>>, spec: object): Promise<void> {
    const { resources } = this.#deps;
    const { metadata } = await resources.create(kind, 'default', {
      metadata: { generateName: 'year-', labels },
      spec: { ...spec, targets: { nodeSet: '*' } },
    });
    const stop = new AbortController();
    const fieldSelector = `metadata.name=${metadata.name}`;
    const events = resources.watch(kind, { namespace: 'default', fieldSelector, signal: stop.signal });
    for await (const { object } of events) if (isFinalPhase(toWork(object).status)) break;
    stop.abort();
  }

  async #checks(count: number): Promise<void> {
    const { resources } = this.#deps;
    this.#agents.print(rates.checkOutputBytes);
    await times(count, () => this.#work(commandRunKind, { of: 'checks' }, { argv: ['check'] }));
    const { items } = resources.list(commandRunKind, { namespace: 'default' });
    const checks = items.filter(({ metadata }) => metadata.labels?.['of'] === 'checks');
    const limits = { successfulRunsHistoryLimit: 3, failedRunsHistoryLimit: 1 };
    // Stored objects have been validated by the schema of their kind.
    for (const { metadata } of planHistory(checks as unknown as readonly CommandRun[], limits))
      await resources.delete(commandRunKind, 'default', metadata.name ?? '');
  }

  #runs(count: number): Promise<void> {
    this.#agents.print(rates.dailyOutputBytes);
    return times(count, () => this.#work(commandRunKind, { of: 'daily' }, { argv: ['daily'] }));
  }

  async #upload(data: Buffer): Promise<string> {
    const { blobs } = this.#deps.store;
    const nowMs = this.#deps.clock.nowMs();
    const sha256 = createHash('sha256').update(data).digest('hex');
    const id = await blobs.beginUpload(data.length, nowMs);
    const bytes = async function* () {
      yield data;
    };
    await blobs.appendUpload(id, 0, bytes());
    await blobs.finishUpload(id, sha256, nowMs);
    return sha256;
  }

  async #push(): Promise<void> {
    const content = await this.#upload(Buffer.alloc(rates.fileBytes, randomUUID()));
    const manifest = await this.#upload(Buffer.from(`${JSON.stringify({ content })}\n`));
    this.#agents.print(0);
    await this.#work(fileTransferKind, {}, { direction: 'Push', manifest, path: '/srv/year' });
  }

  #audit(index: number): Promise<void> {
    return this.#deps.store.audit.append({
      time: new Date(this.#deps.clock.nowMs()).toISOString(),
      ...{ user: `user-${index % people}`, verb: 'create', group: 'drover.dev', resource: 'commandruns' },
      ...{ namespace: 'default', name: `run-${index}`, address: '10.0.0.7', decision: 'allow' },
    });
  }

  #signIn(index: number): Promise<unknown> {
    const issuer = createIssuer({ credentials: this.#deps.store.credentials, clock: this.#deps.clock });
    const who = { user: `user-${index % people}`, uid: `uid-${index % people}` };
    return issuer.issueSession(who, { address: '10.0.0.7' });
  }

  /** From ever other addresses; one that is slowed has been counted before. */
  async #fail(): Promise<void> {
    const at = ++this.#tries;
    await this.#slowing.begin(`user-${at % people}`, `10.${at % 250}.${at % 7}.1`).catch(() => undefined);
  }

  async #record(): Promise<void> {
    const seconds = this.#deps.clock.nowMs() / 1000;
    const file = join(
      this.#deps.dataDir,
      'recordings',
      `${randomUUID().replaceAll('-', '').slice(0, 26)}.cast`,
    );
    await writeFile(file, 'x'.repeat(rates.recordingBytes));
    await utimes(file, seconds, seconds);
  }

  async #enrolOverSsh(): Promise<void> {
    const { resources, clock } = this.#deps;
    const spec = { hosts: [{ names: 'web1' }], credentials: { secretName: 'key' } };
    const object = { metadata: { generateName: 'enrolment-' }, spec };
    const { metadata } = await resources.create(sshEnrollmentKind, 'default', object);
    const status = { phase: 'Succeeded', completionTime: toTimestamp(clock.nowMs()) };
    await this.#setStatus(sshEnrollmentKind, 'default', metadata.name ?? '', status);
  }

  async #replace(): Promise<void> {
    const { store, resources, clock } = this.#deps;
    const gone = this.#living.shift();
    if (gone === undefined) return;
    const gateway = { disconnect: () => undefined, uninstallAgent: async () => undefined };
    await forgetAgent({ ...store, resources, gateway, clock, log: silentLog }, gone);
    await resources.delete(nodeKind, '', gone);
    const next = nodeName(this.#made++);
    this.#living.push(next);
    await this.#join(next);
  }
}

/** All nodes have joined when it resolves. */
export const openFleet = async (deps: FleetDeps): Promise<Pick<Fleet, 'step' | 'close'>> => {
  const fleet = new Fleet(deps, await openSlowing({ factors: deps.store.factors, clock: deps.clock }));
  await fleet.open();
  return fleet;
};

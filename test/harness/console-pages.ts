// Owns what the pages of the console are asked with: their addresses, and a fleet of one that has something for each.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { AgentProcess } from './agents.ts';
import { drover as cli } from './cli.ts';
import type { ConsoleGround } from './console.ts';
import { waitFor } from './wait.ts';

const objects = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, namespace: default }
data: { a: "1" }
---
apiVersion: drover.dev/v1alpha1
kind: SavedCommand
metadata: { name: greet, namespace: default }
spec: { run: { argv: [echo, hello] } }
---
apiVersion: drover.dev/v1alpha1
kind: Schedule
metadata: { name: nightly, namespace: default }
spec: { schedule: "0 3 * * *", run: { argv: [echo, night], targets: { nodeSet: n1 } } }
---
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata: { name: first, namespace: default }
spec: { argv: [echo, fine], targets: { nodeSet: n1 } }
---
apiVersion: drover.dev/v1alpha1
kind: CommandRun
metadata: { name: second, namespace: default }
spec: { argv: [echo, fine], targets: { nodeSet: n1 } }
---
apiVersion: drover.dev/v1alpha1
kind: FileTransfer
metadata: { name: fetched, namespace: default }
spec: { direction: Pull, path: /etc/hostname, targets: { nodeSet: n1 } }
`;

export type Drover = (args: readonly string[], input?: string) => Promise<string>;

/** The command line, of which every call must end well. */
export const droverOf =
  ({ controller }: Pick<ConsoleGround, 'controller'>, dir: string): Drover =>
  async (args, input = '') => {
    const done = await cli(controller, args, { cwd: dir, input });
    expect(done, `${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
    return done.stdout;
  };

/** A server n1 that is Ready, and objects of which some have ended. Resolves to its agent, which the caller closes. */
export const fillPages = async (
  { controller }: Pick<ConsoleGround, 'controller'>,
  drover: Drover,
  dir: string,
): Promise<AgentProcess> => {
  const made = await drover(['token', 'create', '-o', 'json']);
  const token = /DROVER_TOKEN=(\S+)/.exec(made)?.[1] ?? '';
  const agent = new AgentProcess({ context: controller.context, token, name: 'n1', dir });
  await agent.join();
  await waitFor('the agent to be ready', async () => /\bReady\b/.test(await drover(['nodes'])), 60_000);
  await drover(['apply', '-f', '-'], objects);
  const isOver = async () => /Succeeded/.test(await drover(['get', 'commandruns', 'second']));
  await waitFor('the runs to end', isOver, 60_000);
  return agent;
};

export const configs = '/kinds/core/v1/configmaps';
/** Address, heading, and what is in the addresses of the requests that it cannot do without ('$': their end). */
export const pages = [
  ['/', 'Overview', '/nodes?'],
  ['/nodes', 'Nodes', '/nodes?'],
  ['/nodes/requests', 'Waiting to join', '/certificatesigningrequests?'],
  ['/nodes/add', 'Add servers', '/enrollmenttokens?'],
  ['/nodes/add/ssh/default/none', 'Servers that join over SSH', '/sshenrollments?'],
  ['/nodes/name/n1', 'n1', '/api/v1/nodes?'],
  ['/nodes/name/n1', 'n1', '/facts'],
  ['/nodes/name/n1/metrics', 'n1', '/metrics.k8s.io/'],
  ['/nodes/name/n1/runs', 'n1', '/tasks'],
  ['/nodes/name/n1/files', 'n1', '/commandruns'],
  ['/nodes/name/n1/services', 'n1', '/facts'],
  ['/nodes/name/n1/packages', 'n1', '/facts'],
  ['/nodes/name/n1/certificate', 'n1', '/facts'],
  ['/nodes/name/n1/yaml', 'n1', '/openapi/'],
  ['/nodes/name/n1/events', 'n1', '/events?'],
  ['/nodes/name/n1/audit', 'n1', '/audit?'],
  ['/runs', 'Runs', '/commandruns?'],
  ['/runs/new?nodes=n1', 'Run a command', '/nodes?'],
  ['/runs/name/default/first', 'first', '/commandruns?'],
  ['/runs/name/default/first', 'first', '/results'],
  ['/runs/name/default/first/outputs', 'first', '/fold'],
  ['/runs/name/default/first/log', 'first', '/log'],
  ['/runs/name/default/first/compare?with=second', 'first', '/fold'],
  ['/schedules', 'Schedules', '/schedules?'],
  ['/schedules/name/default/nightly', 'nightly', '/schedules?'],
  ['/schedules/name/default/nightly/runs', 'nightly', '/commandruns?'],
  ['/saved-commands', 'Saved commands', '/savedcommands?'],
  ['/saved-commands/name/default/greet', 'greet', '/savedcommands?'],
  ['/schedules/new?command=greet&namespace=default', 'New schedule', '/savedcommands?'],
  ['/files', 'Files', '/filetransfers?'],
  ['/files/new', 'Move files', '/nodes?'],
  ['/files/name/default/fetched', 'fetched', '/filetransfers?'],
  ['/files/name/default/fetched', 'fetched', '/results'],
  ['/access/users', 'Access', '/users?'],
  ['/access/groups', 'Access', '/groups?'],
  ['/access/accounts', 'Access', '/serviceaccounts?'],
  ['/access/roles', 'Access', '/clusterroles?'],
  ['/access/bindings', 'Access', '/clusterrolebindings?'],
  ['/access/matrix', 'Access', '/users?'],
  ['/access/explain?who=User%3Aadmin&verb=get&resource=nodes', 'Access', '/subjectaccessreviews'],
  ['/access/methods', 'Access', '/signinmethods?'],
  ['/access/policies', 'Access', '/runpolicies?'],
  ['/audit', 'Audit', '/audit?'],
  ['/recordings', 'Recorded terminals', '/recordings'],
  ['/events', 'Events', '/events?'],
  ['/kinds', 'Explore the API', '/apis$'],
  [configs, 'ConfigMap', '/configmaps?'],
  [`${configs}/fields`, 'Fields of ConfigMap', '/openapi/'],
  [`${configs}/new`, 'Create ConfigMap', '/openapi/'],
  [`${configs}/name/default/kept`, 'kept', '/configmaps?'],
  [`${configs}/name/default/kept`, 'kept', '/openapi/'],
  ['/settings/about', 'Settings', '/version'],
  ['/settings/about', 'Settings', '/join/ca.pem'],
  ['/settings/encryption', 'Settings', '/encryption'],
  ['/settings/certificates', 'Settings', '/certificatesigningrequests?'],
  ['/settings/backup', 'Settings', '/backups'],
  ['/settings/retention', 'Settings', '/retentionpolicies?'],
  ['/account', 'Your account', '/auth/account'],
  ['/account', 'Your account', '/auth/sessions'],
] as const;

/** Each once, with its heading. */
export const addresses = [...new Map(pages.map(([path, name]) => [path, [path, name] as const])).values()];

/** What says that a page has not got everything yet. */
export const loadingOf = (page: Page) => {
  const main = page.getByRole('main');
  return main
    .getByRole('progressbar', { name: 'Loading' })
    .or(main.getByText('Loading', { exact: true }))
    .first();
};

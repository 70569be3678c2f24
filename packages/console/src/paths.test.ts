// Every address of the console, as people have it in bookmarks and links: one that changes breaks them.
import { matchPath } from 'react-router';
import { expect, test } from 'vitest';
import { accessRoutes } from './pages/access/routes.ts';
import { accountRoutes } from './pages/account/routes.ts';
import { auditRoutes } from './pages/audit/routes.ts';
import { eventsRoutes } from './pages/events/routes.ts';
import { kindsRoutes } from './pages/kinds/routes.ts';
import { nodesRoutes } from './pages/nodes/routes.ts';
import { overviewRoutes } from './pages/overview/routes.ts';
import { runsRoutes } from './pages/runs/routes.ts';
import { schedulesRoutes } from './pages/schedules/routes.ts';
import { settingsRoutes } from './pages/settings/routes.ts';
import { transfersRoutes } from './pages/transfers/routes.ts';
import { paths } from './paths.ts';

const routes = [
  ...[overviewRoutes, nodesRoutes, runsRoutes, schedulesRoutes, transfersRoutes, accessRoutes],
  ...[auditRoutes, eventsRoutes, kindsRoutes, settingsRoutes, accountRoutes],
].flat();
const sensor = { group: 'plant.example.com', version: 'v1', plural: 'sensors' };
const pod = { group: '', version: 'v1', plural: 'pods' };

const addresses: Readonly<Record<keyof typeof paths, readonly string[]>> = {
  overview: [paths.overview()],
  nodes: [paths.nodes()],
  nodeRequests: [paths.nodeRequests()],
  addNodes: [paths.addNodes(), paths.addNodes('ssh')],
  sshEnrollment: [paths.sshEnrollment('default', 'e 1')],
  node: [paths.node('n 1'), paths.node('n1', 'terminal')],
  nodeFiles: [paths.nodeFiles('n1', '/etc/a b?c')],
  runs: [paths.runs()],
  newRun: [paths.newRun(), paths.newRun('web-[1-3]')],
  run: [paths.run('default', 'r1'), paths.run('default', 'r1', 'nodes', { state: 'failed', q: 'a&b' })],
  schedules: [paths.schedules()],
  newSchedule: [paths.newSchedule(), paths.newSchedule('c1', 'ops')],
  newScheduleOfDraft: [paths.newScheduleOfDraft('ops')],
  schedule: [paths.schedule('default', 's1'), paths.schedule('default', 's1', 'runs')],
  savedCommands: [paths.savedCommands()],
  newSavedCommand: [paths.newSavedCommand()],
  savedCommand: [paths.savedCommand('default', 'c1'), paths.savedCommand('default', 'c1', 'yaml')],
  transfers: [paths.transfers()],
  newTransfer: [paths.newTransfer()],
  transfer: [paths.transfer('default', 't1'), paths.transfer('default', 't1', 'nodes', { node: 'n1' })],
  access: [paths.access(), paths.access('roles', 'a b')],
  explainAccess: [paths.explainAccess('ada'), paths.explainAccess('ada', { verb: 'get', resource: 'nodes' })],
  audit: [paths.audit()],
  recordings: [paths.recordings()],
  recording: [paths.recording('a/b')],
  events: [paths.events()],
  settings: [paths.settings(), paths.settings('encryption')],
  account: [paths.account()],
  kinds: [paths.kinds()],
  kind: [paths.kind(sensor), paths.kind(pod, 'ops')],
  kindFields: [paths.kindFields(sensor)],
  newObject: [paths.newObject(pod), paths.newObject(sensor, 'ops', 'yaml')],
  object: [paths.object(sensor, 'ops', 's 1', 'yaml'), paths.object(pod, '', 'p1')],
};

test('every address stays as it is', () => {
  const table = Object.entries(addresses).flatMap(([name, made]) => made.map((one) => `${name} ${one}`));
  expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    overview /
    nodes /nodes
    nodeRequests /nodes/requests
    addNodes /nodes/add
    addNodes /nodes/add/ssh
    sshEnrollment /nodes/add/ssh/default/e%201
    node /nodes/name/n%201
    node /nodes/name/n1/terminal
    nodeFiles /nodes/name/n1/files?path=%2Fetc%2Fa%20b%3Fc
    runs /runs
    newRun /runs/new
    newRun /runs/new?nodes=web-%5B1-3%5D
    run /runs/name/default/r1
    run /runs/name/default/r1/nodes?state=failed&q=a%26b
    schedules /schedules
    newSchedule /schedules/new
    newSchedule /schedules/new?command=c1&namespace=ops
    newScheduleOfDraft /schedules/new?of=draft&namespace=ops
    schedule /schedules/name/default/s1
    schedule /schedules/name/default/s1/runs
    savedCommands /saved-commands
    newSavedCommand /saved-commands/new
    savedCommand /saved-commands/name/default/c1
    savedCommand /saved-commands/name/default/c1/yaml
    transfers /files
    newTransfer /files/new
    transfer /files/name/default/t1
    transfer /files/name/default/t1/nodes?node=n1
    access /access/users
    access /access/roles?q=a%20b
    explainAccess /access/explain?who=ada
    explainAccess /access/explain?who=ada&verb=get&resource=nodes
    audit /audit
    recordings /recordings
    recording /recordings/a%2Fb
    events /events
    settings /settings
    settings /settings/encryption
    account /account
    kinds /kinds
    kind /kinds/plant.example.com/v1/sensors
    kind /kinds/core/v1/pods?namespace=ops
    kindFields /kinds/plant.example.com/v1/sensors/fields
    newObject /kinds/core/v1/pods/new
    newObject /kinds/plant.example.com/v1/sensors/new?namespace=ops&tab=yaml
    object /kinds/plant.example.com/v1/sensors/name/ops/s%201/yaml
    object /kinds/core/v1/pods/name/-/p1
    "
  `);
});

test('every address has a page, and every page an address', () => {
  const all = Object.values(addresses).flat();
  const pathOf = (address: string): string => new URL(address, 'https://console').pathname;
  const matching = (pattern: string) => all.filter((one) => matchPath(pattern, pathOf(one)) !== null);
  expect(all.filter((one) => !routes.some(({ path }) => matchPath(path, pathOf(one)) !== null))).toEqual([]);
  expect(routes.filter(({ path }) => matching(path).length === 0).map(({ path }) => path)).toEqual([]);
});

test('no two pages have one address', () => {
  expect(new Set(routes.map(({ path }) => path)).size).toBe(routes.length);
});

// Who may do what, in a real browser: people, groups, programs, roles, bindings, and why somebody may or may not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

let ground: ConsoleGround;
beforeAll(async () => {
  if (!isConsoleSkipped) ground = await ConsoleGround.start();
});
afterAll(() => ground?.close());

const tabs = [
  'users',
  'groups',
  'accounts',
  'roles',
  'bindings',
  'matrix',
  'explain',
  'methods',
  'policies',
] as const;

const button = (name: string) => ground.page.getByRole('button', { name, exact: true });
const field = (name: string) => ground.page.getByRole('textbox', { name, exact: true });
const choose = (name: string, label: string) =>
  ground.page.getByRole('combobox', { name, exact: true }).selectOption({ label });
const row = (table: string, text: string) =>
  ground.page.getByRole('grid', { name: table }).getByRole('row').filter({ hasText: text });
const done = (text: string) => ground.page.getByText(text).first().waitFor();

const act = async (name: string, action: string): Promise<void> => {
  await button(`Actions for ${name}`).click();
  await ground.page.getByRole('menuitem', { name: action, exact: true }).click();
};

const confirm = (action: string) =>
  ground.page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click();

describe.skipIf(isConsoleSkipped)('access', () => {
  test('a user is made, gets a password, a link that works once, and a group; is disabled, enabled and deleted', async () => {
    await ground.open('/access/users');
    await button('Create user').click();
    await field('User name').fill('alice');
    await field('Display name').fill('Alice Archer');
    await button('Create').click();
    await row('Users', 'alice').getByText('no way yet').waitFor();
    await act('alice', 'Set password');
    await ground.page.getByLabel('New password').fill('short');
    await ground.page.getByRole('dialog').getByRole('button', { name: 'Set password' }).click();
    await ground.page
      .getByRole('dialog')
      .getByText(/cannot/)
      .waitFor();
    await ground.page.getByLabel('New password').fill('planted-alice-4711');
    await ground.page.getByRole('dialog').getByRole('button', { name: 'Set password' }).click();
    await row('Users', 'alice').getByText('password').waitFor();
    await act('alice', 'Make one-time link');
    await ground.page.getByRole('dialog').getByRole('button', { name: 'Make one-time link' }).click();
    const link = await field('One-time link').inputValue();
    expect(link).toMatch(/^https:\/\/localhost:\d+\/sign-in\?link=/);
    await button('Done').click();
    await act('alice', 'Disable');
    await confirm('Disable');
    await row('Users', 'alice').getByText('Disabled').waitFor();
    await act('alice', 'Enable');
    await row('Users', 'alice').getByText('Active').waitFor();
    ground.forgetErrors(); // the refused password
  });

  test('a group with a member gets a role, and the matrix and the explanation tell the way', async () => {
    await ground.open('/access/groups');
    await button('Create group').first().click();
    await field('Group name').fill('web');
    await field('Members').fill('alice');
    await button('Create').click();
    await row('Groups', 'alice').waitFor();
    await ground.open('/access/bindings');
    await button('Give a role').click();
    await choose('To a', 'Group');
    await ground.page.getByRole('combobox', { name: 'Who', exact: true }).fill('web');
    await choose('Role', 'operator');
    await button('Give').click();
    await row('Bindings', 'web').waitFor();
    await ground.open('/access/matrix?q=alice');
    await row('Who may do what', 'alice').getByRole('link', { name: 'everything' }).first().click();
    await done('alice may ');
    await ground.page.getByRole('heading', { name: 'What allows it' }).waitFor();
    await done('to Group:web');
    await ground.open('/access/explain?who=alice&verb=get&resource=secrets&namespace=default');
    await done('may not get secrets');
    await ground.page.getByRole('heading', { name: 'What would allow it' }).waitFor();
    await ground.page.getByRole('listitem').getByRole('link', { name: 'edit', exact: true }).waitFor();
    ground.expectNoErrors();
  });

  test('a program gets an account and a token that works, and loses both', async () => {
    await ground.open('/access/accounts');
    await button('Create service account').first().click();
    await field('Name of the service account').fill('ci');
    await button('Create').click();
    await row('Service accounts', 'system:serviceaccount:default:ci').waitFor();
    await act('ci', 'Make token');
    await confirm('Make token');
    const token = await field('Token').inputValue();
    const headers = { authorization: `Bearer ${token}` };
    const ask = () => ground.page.request.get('/api', { headers, ignoreHTTPSErrors: true });
    expect((await ask()).status()).toBe(200);
    await button('Done').click();
    await act('ci', 'Delete');
    await confirm('Delete');
    await row('Service accounts', 'ci').waitFor({ state: 'detached' });
    await expect.poll(async () => (await ask()).status()).toBe(401);
    ground.expectNoErrors();
  });

  test('a role is made from a ready one, is changed, and is told in words', async () => {
    await ground.open('/access/roles');
    await button('Create role').click();
    await field('Role name').fill('reader');
    await choose('Begin with the rules of', 'system:public-info-viewer');
    await button('Add a rule').click();
    await field('Kinds or paths').last().fill('nodes, nodes/facts');
    await button('Create').click();
    await button('reader').click();
    await done('get, list, watch on nodes, nodes/facts of core');
    await ground.picture('access-role');
    await ground.expectAccessible();
    await act('reader', 'Edit');
    await button('Remove this rule').first().click();
    await confirm('Save');
    await ground.page
      .getByRole('listitem')
      .filter({ hasText: 'paths /healthz' })
      .waitFor({ state: 'detached' });
    await act('reader', 'Delete');
    await confirm('Delete');
    await row('Roles', 'reader').waitFor({ state: 'detached' });
    ground.expectNoErrors();
  });

  test('a directory is added as a sign-in method, disabled, changed and deleted', async () => {
    await ground.open('/access/methods');
    await button('Add sign-in method').first().click();
    await choose('Type', 'LDAP directory');
    await field('Name of the method').fill('corp');
    await field('Address of the directory').fill('ldap://ldap.example.org');
    await field('Where people are').fill('ou=people,dc=example,dc=org');
    await ground.picture('access-method-form');
    await ground.expectAccessible();
    await button('Create').click();
    await ground.page.getByRole('dialog').getByText('would send passwords or tokens in clear').waitFor();
    ground.forgetErrors(); // the browser notes the refusal
    await field('Address of the directory').fill('ldaps://ldap.example.org');
    await button('Create').click();
    await row('Sign-in methods', 'corp').getByText('Active').waitFor();
    await act('corp', 'Disable');
    await row('Sign-in methods', 'corp').getByText('Disabled').waitFor();
    await act('corp', 'Edit');
    await field('Display name').fill('Corp & Sons');
    await confirm('Save');
    await row('Sign-in methods', 'Corp & Sons').getByText('Disabled').waitFor();
    await act('corp', 'Delete');
    await confirm('Delete');
    await done('People sign in with passwords and passkeys of this controller');
    ground.expectNoErrors();
  });

  test('what somebody has open is seen and revoked, groups are changed, and the user is deleted', async () => {
    await ground.open('/access/users?user=admin');
    await ground.page
      .getByRole('grid', { name: 'Sessions, tokens and certificates' })
      .getByText('link')
      .first()
      .waitFor();
    await ground.picture('access-user');
    await ground.expectAccessible();
    await ground.open('/access/users?user=alice');
    await done('Nothing is open.');
    await done('by the binding');
    await act('alice', 'Change groups');
    await ground.page.getByRole('checkbox', { name: 'web' }).uncheck();
    await confirm('Save');
    await expect
      .poll(() => ground.page.getByText('by the binding operator').count(), { timeout: 20_000 })
      .toBe(0);
    for (const action of ['Reset second factor', 'Revoke sessions and tokens', 'Delete']) {
      await act('alice', action);
      await confirm(action);
    }
    await row('Users', 'alice').waitFor({ state: 'detached' });
    ground.expectNoErrors();
  });

  test.each(tabs)('the tab %s is whole', async (tab) => {
    await ground.open(`/access/${tab}`);
    await ground.page.getByRole('heading', { level: 1, name: 'Access' }).waitFor();
    await ground.expectAccessible();
    await ground.picture(`access-${tab}`);
    await ground.inChinese(`access-${tab}`, '访问控制');
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('who may only look', () => {
  test('is told what they lack, instead of being shown nothing', async () => {
    const { token } = ground.controller.context;
    const headers = { authorization: `Bearer ${token}` };
    const post = async (path: string, data: object): Promise<Record<string, string>> => {
      const answer = await ground.page.request.post(path, { headers, data, ignoreHTTPSErrors: true });
      expect(answer.status(), await answer.text()).toBe(201);
      return (await answer.json()) as Record<string, string>;
    };
    const rbac = 'rbac.authorization.k8s.io';
    const metadata = { name: 'looker' };
    await post('/apis/drover.dev/v1alpha1/users', {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'User',
      metadata,
    });
    const rules = [{ apiGroups: ['drover.dev'], resources: ['users'], verbs: ['list', 'watch'] }];
    await post(`/apis/${rbac}/v1/clusterroles`, {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules,
    });
    await post(`/apis/${rbac}/v1/clusterrolebindings`, {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      subjects: [{ kind: 'User', apiGroup: rbac, name: 'looker' }],
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'looker' },
    });
    const { path = '' } = await post('/apis/drover.dev/v1alpha1/users/looker/link', {});
    await ground.page.context().clearCookies();
    await ground.page.goto(path);
    await ground.open('/access/users');
    const create = button('Create user');
    await expect.poll(() => create.getAttribute('aria-disabled'), { timeout: 20_000 }).toBe('true');
    await expect
      .poll(() => create.getAttribute('aria-description'), { timeout: 20_000 })
      .toContain('create users (drover.dev)');
    await ground.open('/access/groups');
    await ground.page.getByRole('heading', { name: 'You may not see this' }).waitFor();
    ground.forgetErrors(); // the browser notes each refusal
  });
});

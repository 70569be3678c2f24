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

  test.each(tabs)('the tab %s is whole', async (tab) => {
    await ground.open(`/access/${tab}`);
    await ground.page.getByRole('heading', { level: 1, name: 'Access' }).waitFor();
    await ground.expectAccessible();
    await ground.picture(`access-${tab}`);
    await ground.inChinese(`access-${tab}`, '访问控制');
    ground.expectNoErrors();
  });
});

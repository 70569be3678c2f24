// One's own account in a real browser: password, app with codes, passkeys, sessions, API tokens; and who must enrol first.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificateRequest } from '../../../packages/cli/src/people/certificate-request.ts';
import { codeOf } from '../../harness/authenticator-app.ts';
import { drover } from '../../harness/cli.ts';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';

const password = 'planted-account-4711';
let ground: ConsoleGround;

const must = async (args: readonly string[], input = ''): Promise<void> => {
  const done = await drover(ground.controller, args, { input });
  expect(done, `drover ${args.join(' ')}: ${done.stderr}`).toMatchObject({ code: 0 });
};

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  for (const name of ['ada', 'eva']) {
    await must(['user', 'create', name]);
    await must(['user', 'passwd', name], `${password}\n`);
  }
  await must(['patch', 'user', 'eva', '-p', '{"spec":{"requireSecondFactor":true}}']);
});
afterAll(() => ground?.close());

const button = (name: string) => ground.page.getByRole('button', { name, exact: true });
const dialog = () => ground.page.getByRole('dialog');
const submit = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const grid = (name: string) => ground.page.getByRole('grid', { name });
const heading = (name: string) => ground.page.getByRole('heading', { level: 1, name }).waitFor();
const givePassword = () => dialog().getByLabel('Your password').fill(password);

const fillSignIn = async (name: string): Promise<void> => {
  await ground.page.getByLabel('User').fill(name);
  await ground.page.getByLabel('Password').fill(password);
  await button('Sign in').click();
};

const signInAs = async (name: string): Promise<void> => {
  await ground.page.context().clearCookies();
  await ground.page.goto('/');
  await fillSignIn(name);
};

/** From the first step, which asks for no password of who waits, to the recovery codes. */
const enrolApp = async (): Promise<void> => {
  await button('Add an app').click();
  await submit('Go on');
  const secret = await dialog().getByRole('textbox', { name: 'Secret for the app' }).inputValue();
  await dialog().getByLabel('Code of the app').fill(codeOf(secret));
  await submit('Confirm');
  await dialog().getByText('Each of them signs you in once').waitFor();
};

describe.skipIf(isConsoleSkipped)('the account', () => {
  test('is whole in every language and appearance', async () => {
    await signInAs('ada');
    await heading('Overview');
    await ground.open('/account');
    await grid('Sessions').waitFor();
    await ground.expectAccessible();
    await ground.picture('account');
    await ground.inChinese('account', '我的账户');
    ground.forgetErrors(); // ada may not see the nodes of the overview
  });

  test('an API token is made with bounds, shown once, and revoked', async () => {
    await ground.open('/account');
    await button('Make an API token').click();
    await ground.page.getByLabel('What it is for').fill('nightly backup');
    await ground.page.getByLabel('Only in these namespaces').fill('default');
    await submit('Make an API token');
    const token = await dialog().getByRole('textbox', { name: 'API token' }).inputValue();
    const headers = { authorization: `Bearer ${token}` };
    const asked = await ground.page.request.get('/auth/sessions', { headers, ignoreHTTPSErrors: true });
    expect(asked.status()).toBe(200);
    await submit('Done');
    await grid('API tokens').getByText('only in default').waitFor();
    await button('Revoke the token nightly backup').click();
    await submit('Revoke');
    await ground.page.getByText('You have no API tokens.').waitFor();
    ground.expectNoErrors();
  });

  test('a client certificate is listed with its groups, and revoked', async () => {
    const { requestPem } = makeCertificateRequest('ada', []);
    const made = await ground.page.request.post('/auth/certificates', {
      data: { request: requestPem, description: 'laptop' },
      headers: { 'x-drover-request': '1' },
      ignoreHTTPSErrors: true,
    });
    expect(made.status()).toBe(201);
    await ground.open('/account');
    await grid('Client certificates').getByText('laptop').waitFor();
    await button('Revoke the certificate laptop').click();
    await submit('Revoke');
    await grid('Client certificates').waitFor({ state: 'detached' });
    await ground.page.getByText('drover certificate create laptop').waitFor();
  });

  test('an app with codes is enrolled by its picture, gives recovery codes once, and is removed', async () => {
    await ground.open('/account');
    await button('Add an app').click();
    await dialog().getByLabel('Your password').fill('planted-wrong');
    await submit('Go on');
    await dialog().getByText('the password is not right').waitFor();
    ground.forgetErrors(); // the browser notes the refusal
    await givePassword();
    await submit('Go on');
    await ground.page.getByRole('img', { name: 'Picture for the app' }).waitFor();
    await ground.picture('account-totp');
    await ground.expectAccessible();
    const secret = await dialog().getByRole('textbox', { name: 'Secret for the app' }).inputValue();
    await dialog().getByLabel('Code of the app').fill(codeOf(secret));
    await submit('Confirm');
    await dialog().getByText('Each of them signs you in once').waitFor();
    await submit('Done');
    await ground.page.getByText('10 recovery codes are left').waitFor();
    await button('Remove the app').click();
    await givePassword();
    await submit('Remove');
    await button('Add an app').waitFor();
    ground.expectNoErrors();
  });

  test('a passkey is added and removed', async () => {
    await ground.open('/account');
    await button('Add a passkey').click();
    await dialog().getByLabel('Name of the new passkey').fill('laptop');
    await givePassword();
    await submit('Add a passkey');
    await grid('Passkeys').getByText('laptop').waitFor();
    await button('Add a passkey').click();
    await dialog().getByLabel('Name of the new passkey').fill('laptop again');
    await givePassword();
    await submit('Add a passkey');
    await dialog().getByText('this device has a passkey of yours').waitFor();
    await submit('Cancel');
    await button('Remove laptop').click();
    await givePassword();
    await submit('Remove');
    await grid('Passkeys').waitFor({ state: 'detached' });
    ground.expectNoErrors();
  });

  test('the password is changed, and all other sessions are revoked', async () => {
    await ground.open('/account');
    await button('Change password').click();
    await givePassword();
    await dialog()
      .getByLabel(/^New password\W*$/)
      .fill(password);
    await dialog().getByLabel('New password again').fill('planted-other');
    await submit('Change password');
    await dialog().getByText('the two new passwords differ').waitFor();
    await dialog().getByLabel('New password again').fill(password);
    await submit('Change password');
    await ground.page.getByText('Your password is changed').waitFor();
    await signInAs('ada');
    await heading('Overview');
    await ground.open('/account');
    await button('Revoke all others').click();
    await submit('Revoke');
    await expect.poll(() => grid('Sessions').getByRole('row').count(), { timeout: 20_000 }).toBe(2);
    await grid('Sessions').getByText('this one').waitFor();
    ground.forgetErrors(); // ada may not see the nodes of the overview
  });

  test('who must have a second factor enrols it first, and goes on with it', async () => {
    await signInAs('eva');
    await heading('A second factor is asked of you');
    await ground.expectAccessible();
    await ground.picture('account-enrol');
    await enrolApp();
    const codes = (await dialog().textContent()) ?? '';
    const [code = ''] = /[a-z2-7]{4}(?:-[a-z2-7]{4}){3}/.exec(codes) ?? [];
    await submit('Done');
    await ground.page.getByText('It is there. Sign out now').waitFor();
    await button('Sign out').click();
    await ground.page.getByLabel('Code').fill(code);
    await fillSignIn('eva');
    await heading('Overview');
    ground.forgetErrors(); // who waits may not ask who they are; eva may not see nodes
  });
});

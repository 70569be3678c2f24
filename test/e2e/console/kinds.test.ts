// A kind that a user defines has its pages at once: list, details, form, YAML, events, audit, permissions, in both
// languages. The console holds no code for it.
import { type Client, createClient, events, secrets, users } from '@drover/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleGround, isConsoleSkipped } from '../../harness/console.ts';
import { defineSensors, makeLooker, sensor, sensors, setCondition } from './sensor-kind.ts';

const path = '/kinds/plant.example.com/v1/sensors';
const pathOf = (name: string, tab = ''): string =>
  `${path}/name/default/${name}${tab === '' ? '' : `/${tab}`}`;

let ground: ConsoleGround;
let client: Client;
let page: Page;

beforeAll(async () => {
  if (isConsoleSkipped) return;
  ground = await ConsoleGround.start();
  client = createClient(ground.controller.context);
  page = ground.page;
  await defineSensors(client);
});
afterAll(async () => {
  client?.close();
  await ground?.close();
});

interface Sensor {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}
const stored = async (name: string): Promise<Sensor> =>
  (await client.get(sensors, name)) as unknown as Sensor;
const make = (name: string, spec: object = {}) => client.create(sensors, sensor(name, spec));
const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
const button = (name: string) => page.getByRole('button', { name, exact: true });
const editor = (name: string) => page.getByRole('textbox', { name: `YAML of ${name}` });
const said = (text: string | RegExp) => page.getByText(text).first().waitFor();
/** The browser tells of each answer that refuses; those to a check of what is half typed are meant. */
const expectOnlyRefusals = (): void => {
  expect(ground.forgetErrors().filter((error) => !/status of (404|409|422)/.test(error))).toEqual([]);
};
const openYaml = async (name: string) => {
  await ground.open(pathOf(name, 'yaml'));
  await editor(name).waitFor();
};
/** Puts the cursor behind the line that holds `text`. */
const goBehind = async (name: string, text: string): Promise<void> => {
  await editor(name).getByText(text).first().click();
  await page.keyboard.press('End');
};

describe.skipIf(isConsoleSkipped)('the kinds of the API', () => {
  test('all are listed, users’ own first, and can be searched', async () => {
    await ground.open('/kinds');
    await heading('Explore the API');
    await page.getByRole('heading', { level: 2, name: 'plant.example.com (defined here)' }).waitFor();
    await said('A sensor of the plant.');
    await ground.expectAccessible();
    await ground.picture('kinds');
    await page.getByRole('textbox', { name: 'Filter by kind' }).fill('sens');
    await page.getByRole('link', { name: 'Sensor', exact: true }).click();
    await heading('Sensor');
    await ground.open('/kinds');
    await ground.inChinese('kinds', '浏览 API');
    ground.expectNoErrors();
  });

  test('an unknown kind says so', async () => {
    await ground.open('/kinds/plant.example.com/v9/sensors');
    await page.getByRole('heading', { name: 'The controller serves no kind sensors' }).waitFor();
    ground.expectNoErrors();
  });

  test('its fields are a tree with types, defaults and rules', async () => {
    await ground.open(`${path}/fields`);
    await heading('Fields of Sensor');
    await said('How often it measures.');
    await said('slow | normal | fast');
    await said('low must not be above high');
    await ground.expectAccessible();
    await ground.picture('kind-fields');
    await ground.inChinese('kind-fields', 'Sensor 的字段');
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('a list of any kind', () => {
  test('shows the columns of the server, and what comes, changes and goes', async () => {
    await ground.open(path);
    await page.getByRole('heading', { name: 'There is no Sensor yet' }).waitFor();
    await make('hall-1', { place: 'hall 1' });
    await page.getByRole('row', { name: /hall-1 .*hall 1 .*100/ }).waitFor();
    await client.patch(sensors, 'hall-1', { type: 'merge', body: { spec: { high: 77 } } });
    await page.getByRole('row', { name: /hall-1 .*77/ }).waitFor();
    await page.getByText('All columns').click();
    await page.getByRole('columnheader', { name: 'Mode' }).waitFor();
    await ground.expectAccessible();
    await ground.picture('kind-list');
    await ground.inChinese('kind-list', 'Sensor');
    await client.delete(sensors, 'hall-1');
    await page.getByRole('heading', { name: 'There is no Sensor yet' }).waitFor();
    ground.expectNoErrors();
  });

  test('is narrowed by labels, text and namespace, in its address', async () => {
    for (const zone of ['a', 'b'])
      await client.create(sensors, {
        ...sensor(`zone-${zone}`),
        metadata: { name: `zone-${zone}`, labels: { zone } },
      });
    await ground.open(path);
    const selector = page.getByRole('textbox', { name: 'Label selector' });
    await selector.fill('zone=a');
    await selector.press('Enter');
    await page.getByRole('link', { name: 'zone-b' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'zone-a' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'zone-a' }).waitFor();
    expect(await page.getByRole('link', { name: 'zone-b' }).count()).toBe(0);
    await ground.open(`${path}?q=zone-b`);
    await page.getByRole('link', { name: 'zone-b' }).waitFor();
    await page.getByRole('combobox', { name: 'Namespace' }).selectOption('kube-system');
    await said('None in this namespace');
    ground.expectNoErrors();
  });

  test('deletes what is chosen, after naming it', async () => {
    for (const name of ['gone-1', 'gone-2', 'stays']) await make(name);
    await ground.open(`${path}?q=gone`);
    await page.getByRole('checkbox', { name: 'Select all' }).check();
    await page.reload();
    await button('Delete chosen').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('default/gone-2').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await said('2 objects deleted');
    await expect(client.get(sensors, 'gone-1')).rejects.toMatchObject({ reason: 'NotFound' });
    await stored('stays');
    ground.expectNoErrors();
  });

  test('stays quick with 5,000 objects: only those in sight are in the page', async () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `many-${i}`);
    const waiting = [...names];
    const work = async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await make(name);
    };
    await Promise.all(Array.from({ length: 32 }, work));
    await ground.open(path);
    await page.getByRole('textbox', { name: 'Filter by any column' }).fill('many-');
    await said('5000 rows');
    expect(await page.getByRole('row').count()).toBeLessThan(100);
    await page.getByRole('textbox', { name: 'Filter by any column' }).fill('many-4321');
    await page.getByRole('link', { name: 'many-4321' }).waitFor();
    await client.http.json({
      method: 'DELETE',
      path: '/apis/plant.example.com/v1/namespaces/default/sensors',
    });
    await page.getByRole('heading', { name: 'There is no Sensor yet' }).waitFor();
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('an object of any kind', () => {
  test('shows its metadata, conditions, and fields with their descriptions', async () => {
    const owner = await make('owner');
    const { uid = '' } = owner.metadata;
    const reference = { apiVersion: 'plant.example.com/v1', kind: 'Sensor', name: 'owner', uid };
    await client.create(sensors, {
      ...sensor('shown', { channels: [{ name: 'heat', unit: 'K' }] }),
      metadata: { name: 'shown', labels: { tier: 'one' }, ownerReferences: [reference] },
    });
    await setCondition(client, 'shown', 'it measures');
    await ground.open(pathOf('shown'));
    await heading('shown');
    await page.getByRole('row', { name: /Ready True .*Measures it measures/ }).waitFor();
    await said('Where it hangs.');
    await said('1: heat');
    await said('tier=one');
    await ground.expectAccessible();
    await ground.picture('object-details');
    await ground.inChinese('object-details', 'shown');
    await page.getByRole('link', { name: 'Sensor owner' }).click();
    await heading('owner');
    ground.expectNoErrors();
  });

  test('shows its events and its rows of the audit trail', async () => {
    await client.create(events, {
      metadata: { generateName: 'shown.' },
      involvedObject: {
        apiVersion: 'plant.example.com/v1',
        kind: 'Sensor',
        name: 'shown',
        namespace: 'default',
      },
      type: 'Warning',
      reason: 'TooHot',
      message: 'it is too hot here',
      source: { component: 'test' },
    });
    await ground.open(pathOf('shown'));
    await page.getByRole('tab', { name: 'Events' }).click();
    await said('it is too hot here');
    await ground.picture('object-events');
    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByRole('row', { name: /admin create allowed 201/ }).waitFor();
    await ground.expectAccessible();
    await ground.picture('object-audit');
    await ground.inChinese('object-audit', 'shown');
    ground.expectNoErrors();
  });

  test('shows secrets only when it is asked to', async () => {
    await client.create(secrets, { metadata: { name: 'hush' }, stringData: { pin: 'planted' } });
    const encoded = Buffer.from('planted').toString('base64');
    await ground.open('/kinds/core/v1/secrets/name/default/hush');
    await said('hidden');
    expect(await page.getByText(encoded).count()).toBe(0);
    await button('Show the values').click();
    await said(encoded);
    ground.expectNoErrors();
  });

  test('gets other labels, and is deleted', async () => {
    await make('labelled');
    await ground.open(pathOf('labelled'));
    await button('Edit labels').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Add a label' }).click();
    await dialog.getByRole('textbox', { name: 'Label' }).fill('floor');
    await dialog.getByRole('textbox', { name: 'Value' }).fill('2');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await said('The labels of labelled are saved');
    expect((await stored('labelled')).metadata.labels).toEqual({ floor: '2' });
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await said('labelled is deleted');
    await expect(client.get(sensors, 'labelled')).rejects.toMatchObject({ reason: 'NotFound' });
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('the form', () => {
  test('makes a new object from the schema: required fields, enums, maps and lists', async () => {
    await ground.open(path);
    await button('Create Sensor').click();
    await heading('Create Sensor');
    await page.getByRole('textbox', { name: 'Name' }).fill('by-form');
    await page.getByRole('textbox', { name: 'place' }).fill('cellar');
    await page.getByRole('combobox', { name: 'mode' }).selectOption('fast');
    await page.getByRole('combobox', { name: 'enabled' }).selectOption('yes');
    await page.getByRole('button', { name: 'channels' }).click();
    await button('Add to channels').click();
    const channel = page.getByRole('group', { name: 'channels 1' });
    await channel.getByRole('textbox', { name: 'name' }).fill('heat');
    await page.getByRole('button', { name: 'colours' }).click();
    await button('Add to colours').click();
    await page.getByRole('textbox', { name: 'Key 1 of colours' }).fill('hot');
    await page.getByRole('textbox', { name: 'Value 1 of colours' }).fill('red');
    await ground.expectAccessible();
    await ground.picture('object-new');
    await button('Review and create').click();
    await page.getByRole('dialog').getByText('mode: fast').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }).click();
    await heading('by-form');
    expect((await stored('by-form')).spec).toMatchObject({
      place: 'cellar',
      mode: 'fast',
      enabled: true,
      low: 0,
      channels: [{ name: 'heat' }],
      colours: { hot: 'red' },
    });
    ground.expectNoErrors();
  });

  test('shows what the controller refuses at the field, and the rule over several', async () => {
    await make('refused');
    await ground.open(pathOf('refused', 'form'));
    const high = page.getByRole('spinbutton', { name: 'high' });
    await high.fill('2000');
    await said(/should be less than or equal to 1000/);
    await high.fill('10');
    await page.getByRole('spinbutton', { name: 'low' }).fill('20');
    await said(/low must not be above high/);
    await ground.expectAccessible();
    await ground.picture('object-form');
    await ground.inChinese('object-form', 'refused');
    await button('Throw changes away').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Throw changes away' }).click();
    await page
      .getByText(/low must not be above high/)
      .first()
      .waitFor({ state: 'detached' });
    expectOnlyRefusals();
  });

  test('and the YAML are one text: comments outlive the form, what is typed outlives the page', async () => {
    await make('both');
    await openYaml('both');
    await goBehind('both', 'place: hall');
    await page.keyboard.type(' # beside the door');
    await page.getByRole('tab', { name: 'Form' }).click();
    await page.getByRole('textbox', { name: 'place' }).fill('attic');
    await page.reload();
    await page.getByRole('tab', { name: 'YAML' }).click();
    await editor('both').getByText('place: attic # beside the door').waitFor();
    await said('You have changes that are not saved');
    await button('Review and save').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await said('both is saved');
    expect((await stored('both')).spec['place']).toBe('attic');
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('the YAML editor', () => {
  test('completes fields and values from the schema, and is left by Escape and Tab', async () => {
    await make('typed');
    await openYaml('typed');
    await goBehind('typed', 'place: hall');
    await page.keyboard.press('Enter');
    await page.keyboard.type('ena');
    await page.getByRole('option', { name: /enabled/ }).waitFor();
    await said('Whether it measures at all.');
    await ground.picture('object-yaml-completion');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+Space');
    await page.getByRole('option', { name: 'true' }).click();
    await editor('typed').getByText('enabled: true').waitFor();
    await ground.expectAccessible();
    await ground.picture('object-yaml');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    expect(await page.evaluate("document.activeElement?.getAttribute('aria-label')")).not.toBe(
      'YAML of typed',
    );
    await ground.inChinese('object-yaml', 'typed');
    expectOnlyRefusals();
  });

  test('shows the difference before it saves, with what the controller fills in', async () => {
    await openYaml('typed');
    await goBehind('typed', 'place: hall');
    await page.keyboard.press('Control+s');
    const dialog = page.getByRole('dialog', { name: 'Changes to typed' });
    await dialog.getByText('+ enabled: true').waitFor();
    await ground.expectAccessible();
    await ground.picture('object-review');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await said('typed is saved');
    expect((await stored('typed')).spec['enabled']).toBe(true);
    expectOnlyRefusals();
  });

  test('explains fields, and marks where the controller refuses one', async () => {
    await make('marked');
    await openYaml('marked');
    await editor('marked').getByText('high', { exact: true }).hover();
    await said('Above this it warns.');
    await goBehind('marked', 'high');
    await page.keyboard.type('00');
    await page
      .getByRole('listitem')
      .filter({ hasText: /^spec\.high: .*less than or equal to 1000/ })
      .waitFor();
    await page.keyboard.press('Control+Shift+M');
    await page.getByRole('option', { name: /spec\.high/ }).waitFor();
    await ground.expectAccessible();
    await ground.picture('object-yaml-problem');
    expectOnlyRefusals();
  });

  test('joins what somebody else changed meanwhile, and asks where both did', async () => {
    await make('joined', { place: 'base' });
    await openYaml('joined');
    await goBehind('joined', 'place: base');
    await page.keyboard.type('-mine');
    const theirs = { spec: { place: 'base-theirs', high: 55 } };
    await client.patch(sensors, 'joined', { type: 'merge', body: theirs });
    await said('Somebody has changed this meanwhile');
    await button('Review and save').click();
    const dialog = page.getByRole('dialog');
    const field = dialog.getByRole('group', { name: 'Field spec.place' });
    await field.getByText('base-theirs').waitFor();
    await ground.expectAccessible();
    await ground.picture('object-conflict');
    expect(await dialog.getByRole('button', { name: 'Go on', exact: true }).isDisabled()).toBe(true);
    await field.getByRole('radio', { name: 'Yours' }).check();
    await dialog.getByRole('button', { name: 'Go on', exact: true }).click();
    await dialog.getByText('Taken over from them: spec.high').waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await said('joined is saved');
    expect((await stored('joined')).spec).toMatchObject({ place: 'base-mine', high: 55 });
    expectOnlyRefusals();
  });

  test('joins items that two people add to one list, with the comments of who types', async () => {
    await make('listed', { channels: [{ name: 'heat' }] });
    await openYaml('listed');
    await goBehind('listed', '- name: heat');
    await page.keyboard.insertText('\n    # mine\n    - name: light');
    const channels = [{ name: 'sound' }, { name: 'heat', unit: 'K' }];
    await client.patch(sensors, 'listed', { type: 'merge', body: { spec: { channels } } });
    await said('Somebody has changed this meanwhile');
    await button('Review and save').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/spec\.channels\[name="heat"\]\.unit, spec\.channels\[name="sound"\]/).waitFor();
    await dialog.getByRole('button', { name: 'Go on editing' }).click();
    await editor('listed').getByText('# mine').waitFor();
    await button('Review and save').click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await said('listed is saved');
    expect((await stored('listed')).spec['channels']).toEqual([...channels, { name: 'light' }]);
    expectOnlyRefusals();
  });

  test('keeps what was typed of an object that somebody deletes, for a new one', async () => {
    await make('short-lived');
    await openYaml('short-lived');
    await goBehind('short-lived', 'place: hall');
    await page.keyboard.type('-2 # mine');
    await client.delete(sensors, 'short-lived');
    await button('Create it anew from what you typed').click();
    await editor('Sensor').getByText('place: hall-2 # mine').waitFor();
    await button('Review and create').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }).click();
    await heading('short-lived');
    expect((await stored('short-lived')).spec['place']).toBe('hall-2');
    expectOnlyRefusals();
  });

  test('marks what is no YAML, and the form waits until it is', async () => {
    await make('broken');
    await openYaml('broken');
    await goBehind('broken', 'place: hall');
    await page.keyboard.type(': [');
    await page.getByRole('tab', { name: 'Form' }).click();
    await said('The form cannot show this text');
    await page.getByRole('tab', { name: 'YAML' }).click();
    await editor('broken').getByText('place: hall: [').waitFor();
    ground.expectNoErrors();
  });
});

describe.skipIf(isConsoleSkipped)('somebody who may only look', () => {
  test('sees every button with the reason why not', async () => {
    await make('seen');
    await client.create(users, { metadata: { name: 'vera' }, spec: {} });
    const { path: link } = await client.createLink(await makeLooker(client, 'vera'), 300);
    await page.goto(link);
    await ground.open(pathOf('seen', 'yaml'));
    await editor('seen').waitFor();
    await said('You may look at this, but not change it');
    for (const name of ['Edit labels', 'Delete', 'Review and save']) {
      const refused = page.getByRole('button', { name, exact: true, disabled: true });
      await refused.waitFor();
      expect(await refused.getAttribute('aria-description')).toContain('No role of yours allows this');
    }
    await ground.picture('object-looking');
    await ground.open(path);
    await page.getByRole('button', { name: 'Create Sensor', disabled: true }).waitFor();
    await page.getByRole('row', { name: /seen/ }).waitFor();
    // What the browser says of the watch of definitions that she may not see.
    ground.forgetErrors();
  });
});

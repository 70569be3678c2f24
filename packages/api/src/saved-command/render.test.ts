import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SavedCommand, savedCommandKind } from '../kinds/saved-command.ts';
import { validatorOf } from '../validation/validator.ts';
import { renderSavedCommand, toTemplate } from './render.ts';

const make = (spec: object): SavedCommand =>
  validatorOf(savedCommandKind)(
    {
      apiVersion: 'drover.dev/v1alpha1',
      kind: 'SavedCommand',
      metadata: { name: 'x', namespace: 'default' },
      spec,
    },
    'Strict',
  ).object as unknown as SavedCommand;
const everywhere = { nodeSet: '*' };
const specOf = (saved: SavedCommand, values: Readonly<Record<string, string | number | boolean>>) => {
  const rendered = renderSavedCommand(saved, values, everywhere);
  if (rendered.kind !== 'run') throw new Error(JSON.stringify(rendered.causes));
  return rendered.spec;
};
const causesOf = (saved: SavedCommand, values: Readonly<Record<string, string | number | boolean>>) => {
  const rendered = renderSavedCommand(saved, values, everywhere);
  return rendered.kind === 'run' ? [] : rendered.causes.map(({ field, message }) => `${field}: ${message}`);
};

const deploy = make({
  parameters: [
    { name: 'version', pattern: '[0-9.]+', required: true },
    { name: 'count', type: 'integer', minimum: 1, maximum: 9, default: 2 },
    { name: 'force', type: 'boolean', default: false },
    { name: 'color', type: 'choice', choices: ['blue', 'green'] },
  ],
  run: {
    argv: ['deploy', '--version=$(version)', '$(count)', '$$(version)', '$(color)'],
    env: { FORCE: '$(force)' },
    stdin: 'v$(version)\n',
    cwd: '/srv/$(color)',
    user: 'app',
  },
});

test('values stand where they are named, and defaults where none is given', () => {
  expect(specOf(deploy, { version: '1.2', color: 'blue' })).toMatchObject({
    argv: ['deploy', '--version=1.2', '2', '$(version)', 'blue'],
    env: { FORCE: 'false' },
    stdin: 'v1.2\n',
    cwd: '/srv/blue',
    user: 'app',
    targets: everywhere,
    timeoutSeconds: 3600,
  });
  expect(specOf(deploy, { version: '1.2', count: '7', force: 'true' })).toMatchObject({
    argv: ['deploy', '--version=1.2', '7', '$(version)', ''],
    env: { FORCE: 'true' },
  });
});

test('what does not fit is refused by name, all at once', () => {
  const wrong = { version: '1.2\n', count: 10, force: 'yes', color: 'red', other: 1 };
  expect(causesOf(deploy, wrong)).toEqual([
    'values.other: there is no such parameter; known: version, count, force, color',
    'values.version: must match [0-9.]+ as a whole',
    'values.count: must be at most 9',
    'values.force: must be true or false',
    'values.color: must be one of blue, green',
  ]);
  expect(causesOf(deploy, {})).toEqual(['values.version: must be given']);
  expect(causesOf(deploy, { version: 1 })).toEqual(['values.version: must be a text: put it in quotes']);
  expect(causesOf(deploy, { version: '1', count: 1.5 })).toEqual(['values.count: must be a whole number']);
});

test('a command without nodes of its own must be given some', () => {
  expect(renderSavedCommand(deploy, { version: '1' })).toEqual({
    kind: 'refused',
    causes: [{ field: 'targets', message: 'must be given: the command names no nodes of its own' }],
  });
});

test('a script is left as it is, and gets its parameters as variables', () => {
  const source = 'echo "$name" $(date)';
  const saved = make({ parameters: [{ name: 'name' }], run: { script: { source }, env: { A: '$(name)' } } });
  const hostile = '"; rm -rf / #$(reboot)';
  expect(specOf(saved, { name: hostile })).toMatchObject({
    script: { source },
    env: { A: hostile, name: hostile },
  });
});

const words = fc.oneof(
  fc.string(),
  fc.constantFrom('$(a)', '$(b)', '$$(a)', '$$', '$', ' ', '--', "'; reboot #", '$(', ')', '$&', '$1'),
);
const texts = fc
  .array(fc.oneof(fc.constantFrom('$(a)', '$(b)', '$$(a)', 'x', '=', ' '), fc.constant('-')), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

test('whatever a value is, it stays within its argument, and no other argument changes', () => {
  fc.assert(
    fc.property(fc.array(texts, { minLength: 1, maxLength: 6 }), words, words, words, (rest, a, b, other) => {
      fc.pre([a, b, other].every((value) => !value.includes('\0')));
      const argv = ['tool', ...rest];
      const saved = make({ parameters: [{ name: 'a' }, { name: 'b' }], run: { argv } });
      const got = specOf(saved, { a, b }).argv ?? [];
      const changed = specOf(saved, { a, b: other }).argv ?? [];
      expect(got).toHaveLength(argv.length);
      argv.forEach((text, index) => {
        const pieces = text.split(/(\$\$\(|\$\([ab]\))/);
        const meant = pieces.map((piece) => ({ '$(a)': a, '$(b)': b, '$$(': '$(' })[piece] ?? piece);
        expect(got[index]).toBe(meant.join(''));
        if (!pieces.includes('$(b)')) expect(changed[index]).toBe(got[index]);
      });
    }),
  );
});

test('what is kept of a run becomes that run again, even where it looks like a parameter', () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), words, (rest, text) => {
      fc.pre([...rest, text].every((word) => !word.includes('\0')));
      const run = { argv: ['tool', ...rest], env: { A: text }, stdin: text };
      // A template needs no more than this; the schema adds the defaults.
      const saved = make({ run: toTemplate(run as unknown as SavedCommand['spec']['run']) });
      expect(specOf(saved, {})).toMatchObject(run);
    }),
  );
});

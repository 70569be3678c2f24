import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planGone, planTargets, toTaskSpec } from './plan.ts';
import type { Work } from './work.ts';

const fleet = [
  { name: 'db1', labels: { 'group.drover.dev/db': '', os: 'debian' } },
  { name: 'web1', labels: { os: 'debian' } },
  { name: 'web2', labels: { os: 'rocky' } },
];

describe('targets', () => {
  test('a named node that does not exist stays in the list, refused', () => {
    const planned = planTargets({ nodeSet: 'web[1-3]' }, fleet);
    expect(planned.nodes).toEqual(['web1', 'web2', 'web3']);
    expect([...planned.refused]).toEqual([['web3', 'no such node']]);
  });

  test('a group is the nodes that carry its label', () => {
    expect(planTargets({ nodeSet: '@db,web1' }, fleet).nodes).toEqual(['db1', 'web1']);
  });

  test('a group that nobody is in is refused by name', () => {
    expect(() => planTargets({ nodeSet: '@dbs' }, fleet)).toThrow(
      'cannot resolve @dbs: no node carries the label group.drover.dev/dbs',
    );
  });

  test('node-set and labels both given must both match', () => {
    const labelSelector = { matchLabels: { os: 'debian' } };
    expect(planTargets({ nodeSet: 'web*', labelSelector }, fleet).nodes).toEqual(['web1']);
    expect(planTargets({ labelSelector }, fleet).nodes).toEqual(['db1', 'web1']);
  });

  test('a repetition takes only what is targeted and failed before', () => {
    expect(planTargets({ nodeSet: '*' }, fleet, ['web2', 'db1']).nodes).toEqual(['db1', 'web2']);
  });

  test('no node, or too many, is refused', () => {
    expect(() => planTargets({ nodeSet: 'x*' }, fleet)).toThrow('cannot start: no node matches spec.targets');
    expect(() => planTargets({ nodeSet: 'x[1-60000]' }, fleet)).toThrow('60000 nodes are targeted');
  });

  test('nobody is listed twice, and refused are exactly the strangers', () => {
    const word = fc.constantFrom('web[1-4]', 'db1', '*', '@db', 'web2', 'x7', 'web*');
    const sets = fc
      .array(fc.tuple(fc.constantFrom(',', '!', '&', '^'), word), { maxLength: 5 })
      .map((steps) => `web1${steps.map((step) => step.join('')).join('')}`);
    fc.assert(
      fc.property(sets, (nodeSet) => {
        fc.pre(!isEmpty(nodeSet));
        const { nodes, refused } = planTargets({ nodeSet }, fleet);
        expect(new Set(nodes).size).toBe(nodes.length);
        const known = new Set(fleet.map((node) => node.name));
        expect([...refused.keys()]).toEqual(nodes.filter((node) => !known.has(node)));
      }),
    );
  });

  test('of work that has begun, nodes that left the fleet are refused', () => {
    expect([...planGone(['web1', 'gone'], fleet).refused.keys()]).toEqual(['gone']);
  });
});

const isEmpty = (nodeSet: string): boolean => {
  try {
    planTargets({ nodeSet }, fleet);
    return false;
  } catch {
    return true;
  }
};

describe('task specs', () => {
  test('a script goes as a file to its interpreter', () => {
    const work = {
      kind: 'CommandRun',
      spec: { script: { interpreter: ['/bin/sh', '-e'], source: 'é' }, stdin: 'in', maxOutputBytes: 9 },
    } as unknown as Work;
    expect(toTaskSpec(work)).toEqual({
      kind: 'command',
      argv: ['/bin/sh', '-e'],
      script: 'w6k=',
      user: '',
      cwd: '',
      env: {},
      input: 'aW4=',
      maxOutputBytes: 9,
    });
  });

  test('a transfer is a push or a pull', () => {
    const spec = { direction: 'Push', manifest: 'ab', path: '/x', mode: '0644', check: true };
    const push = { kind: 'FileTransfer', spec } as unknown as Work;
    const pull = { kind: 'FileTransfer', spec: { ...spec, direction: 'Pull' } } as unknown as Work;
    expect(toTaskSpec(push)).toEqual({
      kind: 'push',
      manifest: 'ab',
      path: '/x',
      mode: '0644',
      owner: '',
      check: true,
    });
    expect(toTaskSpec(pull)).toEqual({ kind: 'pull', path: '/x', check: true });
  });
});

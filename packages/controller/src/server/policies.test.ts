// Admission policies over HTTPS: what is put to them, what they see, and what comes of what they say.
import { configMapKind } from '@drover/api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { call, grant, tokenOf, type Wanted } from './test-people.ts';
import { about, bindingsPath, enact, policiesPath, repeal } from './test-policies.ts';
import { leftBy } from './test-trail.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterEach(() => repeal(ground));
afterAll(() => ground.close());

const maps = '/api/v1/namespaces/default/configmaps';
const send = (method: string, path: string, body?: unknown, more: Partial<Wanted> = {}) =>
  call(ground, { method, path, ...(body === undefined ? {} : { body }), ...more });
const map = (name: string, data: object = {}, labels: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});
const never = (resources: readonly string[], operations: readonly string[] = ['*']) => ({
  matchConstraints: about(resources, operations),
  validations: [{ expression: 'false', message: 'no' }],
});
const validating = (expression: string, more: object = {}) => ({
  matchConstraints: about(['configmaps']),
  validations: [{ expression }],
  ...more,
});

describe('a write that a policy is about', () => {
  it('is refused in the words of Kubernetes from the next request on, and allowed once the policy is gone', async () => {
    await enact(ground, 'p', {
      ...never(['configmaps']),
      validations: [{ expression: 'has(object.data.a)' }],
    });
    const refused = await send('POST', maps, map('x', { b: '1' }));
    expect(refused.json()).toMatchObject({
      kind: 'Status',
      code: 422,
      reason: 'Invalid',
      message:
        "configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: failed expression: has(object.data.a)",
      details: {
        name: 'x',
        kind: 'configmaps',
        causes: [
          {
            message:
              "ValidatingAdmissionPolicy 'p' with binding 'p' denied request: failed expression: has(object.data.a)",
          },
        ],
      },
    });
    expect(JSON.stringify(refused.json()['details'])).not.toContain('"reason"');
    expect((await send('POST', maps, map('x', { a: '1' }))).code).toBe(201);
    await send('DELETE', `${bindingsPath}/p`);
    expect((await send('POST', maps, map('y'))).code).toBe(201);
  });

  it('is refused however it is written, and nothing of it is stored', async () => {
    await send('POST', maps, map('kept', { a: '1' }));
    await enact(ground, 'p', never(['configmaps']));
    const json = (type: string) => ({ headers: { 'content-type': `application/${type}` } });
    const one = `${maps}/kept`;
    const answers = await Promise.all([
      send('POST', maps, map('new')),
      send('POST', `${maps}?dryRun=All`, map('new')),
      send('PUT', one, map('kept', { a: '2' })),
      send('PATCH', one, { data: { a: '2' } }),
      send('PATCH', one, { data: { a: '2' } }, json('strategic-merge-patch+json')),
      send('PATCH', one, [{ op: 'replace', path: '/data/a', value: '2' }], json('json-patch+json')),
      send('PATCH', `${one}?fieldManager=t&force=true`, map('kept', { a: '2' }), json('apply-patch+yaml')),
      send('PATCH', `${maps}/new?fieldManager=t`, map('new'), json('apply-patch+yaml')),
      send('DELETE', one),
      send('DELETE', one, { dryRun: ['All'] }),
      send('DELETE', maps),
    ]);
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 422));
    expect(ground.resources.find(configMapKind, 'default', 'kept')?.['data']).toEqual({ a: '1' });
    expect(ground.resources.find(configMapKind, 'default', 'new')).toBeUndefined();
  });

  it('is seen just as it would be stored, beside what it was', async () => {
    await send('POST', maps, map('seen', { a: '1' }));
    const expression = [
      "request.operation == 'UPDATE' && request.name == 'seen' && request.namespace == 'default'",
      "request.kind == {'group': '', 'version': 'v1', 'kind': 'ConfigMap'}",
      "object.data.a == '2' && oldObject.data.a == '1' && object.metadata.uid == oldObject.metadata.uid",
      'object.metadata.generation == oldObject.metadata.generation + 1',
      "object.metadata.managedFields.exists(m, m.manager == 'me')",
      "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'",
      "request.options.fieldManager == 'me' && request.dryRun == false",
      "request.userInfo.username == 'admin' && 'system:masters' in request.userInfo.groups",
      '!has(request.subResource)',
    ].join(' && ');
    expect((await enact(ground, 'p', validating(expression))).text).toContain('policyName');
    const answer = await send('PATCH', `${maps}/seen?fieldManager=me`, { data: { a: '2' } });
    expect([answer.code, answer.text]).toEqual([200, expect.stringContaining('"a":"2"')]);
    expect((await send('PATCH', `${maps}/seen`, { data: { a: '3' } })).code).toBe(422);
  });

  it('is judged by what is there when it is stored, whoever was faster', async () => {
    await send('POST', maps, map('counter', { n: '0' }));
    await enact(ground, 'p', validating('int(object.data.n) == int(oldObject.data.n) + 1'));
    const answers = await Promise.all(
      ['1', '1', '1', '1'].map((n) => send('PATCH', `${maps}/counter`, { data: { n } })),
    );
    expect(answers.map(({ code }) => code).sort()).toEqual([200, 422, 422, 422]);
  });

  it('is no write of the controllers themselves, and none of policies', async () => {
    await enact(ground, 'p', never(['*/*']));
    const own = await ground.resources.create(configMapKind, 'default', map('own'));
    expect(own.metadata.name).toBe('own');
    expect((await send('POST', maps, map('x'))).code).toBe(422);
    expect((await send('DELETE', `${policiesPath}/p`)).code).toBe(200);
  });

  it('is about the subresource that is named, and no other', async () => {
    await send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } });
    await enact(ground, 'p', never(['nodes/status']));
    const label = { metadata: { labels: { a: 'b' } } };
    expect((await send('PATCH', '/api/v1/nodes/n1', label)).code).toBe(200);
    expect((await send('PATCH', '/api/v1/nodes/n1/status', label)).code).toBe(422);
  });
});

describe('what is no object of its own', () => {
  it('is put to policies too: a terminal on a node', async () => {
    await send('POST', '/api/v1/nodes', { metadata: { name: 'n2' } });
    const expression = "request.operation == 'CONNECT' && request.name == 'n2' && object.user == 'web'";
    const matchConstraints = about(['nodes/shell'], ['CONNECT']);
    await enact(ground, 'p', { matchConstraints, validations: [{ expression, reason: 'Forbidden' }] });
    const size = { columns: 80, rows: 24 };
    const open = (user: string) => ground.client.shell('n2', { ...size, user });
    const rows = await leftBy(ground, () => open('root').then(() => undefined));
    expect(rows).toMatchObject([{ decision: 'deny', code: 403, resource: 'nodes', subresource: 'shell' }]);
    expect(rows[0]?.reason).toContain("ValidatingAdmissionPolicy 'p' with binding 'p' denied request");
  });

  it('is put to policies too: a token of a service account', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts';
    await send('POST', path, { metadata: { name: 'robot' } });
    const expression = 'object.spec.expirationSeconds <= 3600';
    await enact(ground, 'p', {
      matchConstraints: about(['serviceaccounts/token']),
      validations: [{ expression }],
    });
    const ask = (expirationSeconds: number) =>
      send('POST', `${path}/robot/token`, { spec: { expirationSeconds } });
    expect((await ask(7200)).json().message).toContain(`failed expression: ${expression}`);
    expect((await ask(3600)).code).toBe(201);
  });
});

describe('many objects that are deleted at once', () => {
  it('are put to the policy one by one, by their names', async () => {
    for (const name of ['keep', 'gone']) await send('POST', maps, map(name, {}, { many: 'yes' }));
    const rule = { ...about(['configmaps'], ['DELETE']).resourceRules[0], resourceNames: ['keep'] };
    const spec = {
      ...validating('object == null && oldObject == null'),
      matchConstraints: { resourceRules: [rule] },
    };
    await enact(ground, 'p', spec);
    const answer = await send('DELETE', `${maps}?labelSelector=many%3Dyes`);
    expect(answer.json().message).toContain('configmaps "keep" is forbidden');
    await send('DELETE', `${maps}/gone`);
    const { items } = (await send('GET', `${maps}?labelSelector=many%3Dyes`)).json() as { items?: object[] };
    expect(items).toMatchObject([{ metadata: { name: 'keep' } }]);
  });
});

describe('the rows of many objects that are deleted at once', () => {
  it('have each what the policy noted of that object', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await send('POST', maps, map(name, {}, { noted: 'yes' }));
    const auditAnnotations = [{ key: 'who', valueExpression: "'was ' + oldObject.metadata.name" }];
    await enact(ground, 'p', { matchConstraints: about(['configmaps'], ['DELETE']), auditAnnotations });
    const rows = await leftBy(ground, () => send('DELETE', `${maps}?labelSelector=noted%3Dyes`));
    const noted = rows
      .filter(({ uid }) => uid !== undefined)
      .map((row) => [row.name, row.annotations?.['p/who']]);
    expect(noted.sort()).toEqual(names.map((name) => [name, `was ${name}`]));
  });
});

describe('what a policy says', () => {
  it('is refused with the reason and the words that the policy gives', async () => {
    const validations = [
      { expression: 'true' },
      {
        expression: 'object.data.size() < 1',
        reason: 'Forbidden',
        message: 'unused',
        messageExpression: "'too many: ' + string(object.data.size())",
      },
    ];
    await enact(ground, 'p', { matchConstraints: about(['configmaps']), validations });
    const answer = (await send('POST', maps, map('x', { a: '1' }))).json();
    expect(answer).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(answer.message).toMatch(/denied request: too many: 1$/);
  });

  it('warns where the binding says so, once, and lets the request pass', async () => {
    await enact(ground, 'p', validating('false'), { validationActions: ['Warn'] });
    const { code, headers } = await send('POST', maps, map('warned'));
    expect(code).toBe(201);
    expect(headers['warning']).toBe(
      "299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': failed expression: false\"",
    );
  });

  it('stands in the row of the request in the audit trail', async () => {
    const auditAnnotations = [
      { key: 'size', valueExpression: 'string(object.data.size())' },
      { key: 'nothing', valueExpression: 'null' },
    ];
    await enact(ground, 'p', validating('false', { auditAnnotations }), { validationActions: ['Audit'] });
    const [row, ...more] = await leftBy(ground, () => send('POST', maps, map('audited', { a: '1' })));
    expect(more).toEqual([]);
    expect(row?.annotations?.['p/size']).toBe('1');
    expect(Object.keys(row?.annotations ?? {})).toHaveLength(2);
    const failures: unknown = JSON.parse(
      row?.annotations?.['validation.policy.admission.k8s.io/validation_failure'] ?? '',
    );
    expect(failures).toEqual([
      {
        message: 'failed expression: false',
        policy: 'p',
        binding: 'p',
        expressionIndex: 0,
        validationActions: ['Audit'],
      },
    ]);
  });

  it('is a denial in the audit trail where the request is refused', async () => {
    await enact(ground, 'p', never(['configmaps']));
    const [row] = await leftBy(ground, () => send('POST', maps, map('x')));
    expect(row).toMatchObject({ decision: 'deny', code: 422, name: 'x' });
    expect(row?.reason).toMatch(
      /^Invalid: .*ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no$/,
    );
  });
});

describe('an expression that fails', () => {
  it('counts as not kept, unless the policy says Ignore', async () => {
    await enact(ground, 'p', validating('object.data.missing == "x"'));
    const refused = (await send('POST', maps, map('x'))).json();
    expect(refused.message).toContain(
      'denied request: expression \'object.data.missing == "x"\' resulted in error: ',
    );
    await repeal(ground);
    await enact(ground, 'p', validating('object.data.missing == "x"', { failurePolicy: 'Ignore' }));
    expect((await send('POST', maps, map('failing'))).code).toBe(201);
  });

  it.each([
    ['a loop over all pairs of 10,000 items', "variables.all.all(x, variables.all.all(y, x + y != 'z'))"],
    [
      'a pattern that would never end elsewhere',
      "variables.all.all(x, !object.data.text.matches('(a+)+(a+)+$'))",
    ],
  ])('%s ends by its budget, and is handled the same', async (_what, expression) => {
    const variables = [{ name: 'all', expression: "object.data.list.split(',')" }];
    const data = { list: Array.from({ length: 10_000 }, (_, i) => i).join(), text: `${'a'.repeat(10_000)}b` };
    await enact(ground, 'p', validating(expression, { variables }));
    const refused = (await send('POST', maps, map('x', data))).json();
    expect(refused.message).toContain('running out of cost budget');
    await repeal(ground);
    await enact(ground, 'p', validating(expression, { variables, failurePolicy: 'Ignore' }));
    expect((await send('POST', maps, map(`slow-${expression.length}`, data))).code).toBe(201);
  });

  it('is refused with its path when it can be known to fail', async () => {
    const spec = validating('request.nme == "x"', {
      variables: [{ name: 'a', expression: 'object.' }],
      matchConditions: [{ name: 'c', expression: 'variables.a == 1' }],
    });
    const answer = await enact(ground, 'p', spec);
    expect(answer.code).toBe(422);
    const fields = (answer.json()['details'] as { causes: { field: string; message: string }[] }).causes;
    expect(fields.map(({ field }) => field)).toEqual([
      'spec.matchConditions[0].expression',
      'spec.variables[0].expression',
      'spec.validations[0].expression',
    ]);
    expect(fields[2]?.message).toBe(
      'Invalid value: "request.nme == \\"x\\"": compilation failed: undefined field \'nme\'',
    );
  });
});

describe('params', () => {
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConstraints: about(['secrets'], ['CREATE']),
    validations: [{ expression: 'object.data.size() <= int(params.data.max)' }],
  };
  const secrets = '/api/v1/namespaces/default/secrets';
  const secret = (name: string, count: number) => ({
    metadata: { name },
    stringData: Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v'])),
  });
  const refused = async (name: string, count: number) =>
    (await send('POST', `${secrets}?dryRun=All`, secret(name, count))).json().message;

  it('are one object by name, as it is now', async () => {
    const paramRef = { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' };
    await enact(ground, 'p', spec, { paramRef, validationActions: ['Deny'] });
    expect(await refused('s', 1)).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
    await send('POST', maps, map('limits', { max: '1' }));
    expect(await refused('s', 1)).toBeUndefined();
    expect(await refused('s', 2)).toContain('denied request');
    await send('PATCH', `${maps}/limits`, { data: { max: '2' } });
    expect(await refused('s', 2)).toBeUndefined();
  });

  it('are all objects that a selector chooses, and none where that is allowed', async () => {
    const paramRef = { selector: { matchLabels: { use: 'limit' } }, parameterNotFoundAction: 'Allow' };
    await enact(ground, 'p', spec, { paramRef, validationActions: ['Deny'] });
    expect(await refused('s', 9)).toBeUndefined();
    await send('POST', maps, map('wide', { max: '5' }, { use: 'limit' }));
    await send('POST', maps, map('narrow', { max: '3' }, { use: 'limit' }));
    expect(await refused('s', 4)).toContain('denied request');
    expect(await refused('s', 3)).toBeUndefined();
  });

  it('of a kind that is not served, or in no namespace, make the policy fail', async () => {
    const paramKind = { apiVersion: 'rules.example.com/v1', kind: 'Limit' };
    const paramRef = { name: 'x', parameterNotFoundAction: 'Allow' };
    await enact(ground, 'p', { ...spec, paramKind }, { paramRef, validationActions: ['Deny'] });
    expect(await refused('s', 1)).toContain('paramKind kind `rules.example.com/v1, Kind=Limit` not known');
    await repeal(ground);
    const clustered = { ...spec, matchConstraints: about(['nodes']) };
    await enact(ground, 'p', clustered, { paramRef, validationActions: ['Deny'] });
    const node = (await send('POST', '/api/v1/nodes', { metadata: { name: 'n9' } })).json();
    expect(node.message).toContain(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped',
    );
  });
});

describe('whoever asks', () => {
  it('is known to the policy, with all that roles give', async () => {
    const expression = "authorizer.group('').resource('nodes').check('delete').allowed()";
    await enact(ground, 'p', validating(`${expression} || !has(object.data.risky)`));
    await grant(ground, 'ann', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }]);
    const token = await tokenOf(ground, 'ann');
    const tryAs = async (name: string, data: object) =>
      (await send('POST', maps, map(name, data), { token })).code;
    expect(await tryAs('by-ann-1', {})).toBe(201);
    expect(await tryAs('by-ann-2', { risky: 'yes' })).toBe(422);
    expect((await send('POST', maps, map('by-admin', { risky: 'yes' }))).code).toBe(201);
  });

  it('is asked by roles first', async () => {
    await enact(ground, 'p', never(['configmaps']));
    const token = await tokenOf(ground, 'bob');
    const answer = (await send('POST', maps, map('x'), { token })).json();
    expect(answer).toMatchObject({ code: 403 });
    expect(answer.message).toContain('User "bob" cannot create resource "configmaps"');
  });
});

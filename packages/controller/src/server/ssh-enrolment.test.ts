// Who may make servers join over SSH, asked of the real server.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround } from './test-ground.ts';
import { bind, call, grant, tokenOf } from './test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const collection = '/apis/drover.dev/v1alpha1/namespaces/default/sshenrollments';

// Owns what the console is measured on: a controller with emulated nodes, and a browser that is signed in.
import type { Page } from 'playwright-core';
import { Chromium, missingForChromium } from '../../test/harness/chromium.ts';
import { ControllerProcess } from '../../test/harness/controller.ts';
import { makeJoinToken, openApi } from '../api.ts';
import type { BenchContext } from '../bench.ts';
import { startEmulatedFleet } from '../emulated-fleet.ts';
import { enrolIdentities } from '../identities.ts';

/** What each node says when it runs something. */
const outputBytes = 2_000;

export const startFleet = async (context: BenchContext, nodes: number): Promise<ControllerProcess> => {
  const controller = await ControllerProcess.start({ address: 'localhost', ownSession: true });
  context.defer(() => controller.close());
  const api = openApi(controller.context);
  const token = await makeJoinToken(api, nodes);
  api.close();
  const names = Array.from({ length: nodes }, (_, index) => `e${String(index + 1).padStart(4, '0')}`);
  context.say(`enrolling ${nodes} emulated agents`);
  const toMachineId = (name: string) => `emulated-${name}`;
  const identities = await enrolIdentities(controller.context, token, names, toMachineId, context.signal);
  const { caPem } = controller.context;
  const behaviour = { outputBytes };
  const fleet = startEmulatedFleet({
    host: '127.0.0.1',
    port: controller.agentPort,
    caPem,
    identities,
    behaviour,
  });
  context.defer(() => fleet.close());
  await fleet.waitConnected(nodes, 120_000);
  return controller;
};

export const openPage = async (context: BenchContext, controller: ControllerProcess): Promise<Page> => {
  const missing = missingForChromium();
  if (missing !== undefined) throw new Error(`cannot measure: ${missing} is missing`);
  const site = `https://localhost:${controller.port}`;
  const chromium = await Chromium.start({ ...controller.context, address: site });
  context.defer(() => chromium.close());
  const page = await chromium.open(site);
  await page.goto(/\/sign-in\?link=\S+/.exec(controller.output())?.[0] ?? '/');
  return page;
};

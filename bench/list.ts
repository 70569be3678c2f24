// Owns which benchmarks there are.
import { access } from './access.ts';
import { agent } from './agent.ts';
import { apiFloor } from './api-load/floor.ts';
import { api } from './api-load/index.ts';
import { apiStores } from './api-load/stores.ts';
import { audit } from './audit.ts';
import type { Bench } from './bench.ts';
import { cancel } from './cancel.ts';
import { consoleBench, runPageBench } from './console-page/index.ts';
import { content } from './content.ts';
import { enrol } from './enrol.ts';
import { failover } from './failover/index.ts';
import { fanout } from './fanout.ts';
import { faults } from './faults.ts';
import { files } from './files.ts';
import { floodBench } from './flood.ts';
import { output } from './output.ts';
import { scale } from './scale/index.ts';
import { secrets } from './secrets.ts';
import { year } from './year.ts';

export const benches: readonly Bench[] = [
  faults,
  failover,
  fanout,
  enrol,
  output,
  cancel,
  files,
  content,
  agent,
  access,
  audit,
  secrets,
  api,
  apiStores,
  apiFloor,
  floodBench,
  consoleBench,
  runPageBench,
  year,
  scale,
];

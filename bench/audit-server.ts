// A controller's API whose audit trail can be switched off and on, which Drover itself cannot: for the benchmark of what
// the trail costs. Forked: tells its parent where it is, and answers each message with the CPU time that it has used.
import { openAuditTrail } from '../packages/controller/src/auth/audit/trail.ts';
import { systemClock } from '../packages/controller/src/platform/clock.ts';
import { silentLog } from '../packages/controller/src/platform/log.ts';
import { openGround } from '../packages/controller/src/server/test-ground.ts';
import type { AuditStore } from '../packages/controller/src/store/store.ts';

export interface Switch {
  readonly isAudited: boolean;
}

export interface Told {
  readonly address: string;
  readonly caPem: string;
  readonly token: string;
  /** User and system, of all threads, since the start. */
  readonly cpuMicroseconds: number;
}

const ground = await openGround();
const { address, caPem, token, dataDir } = ground;
const trail = await openAuditTrail(
  { audit: ground.store.audit, clock: systemClock, log: silentLog, dataDir },
  { isRequired: false, fileBytes: 64 * 1024 * 1024, files: 2, syslog: undefined },
);

const audit = ground.store.audit as { within: AuditStore['within'] };
const { within } = audit;
const withoutRow: AuditStore['within'] = (scope, work) => {
  // As if it had written its row.
  scope.rows = 1;
  return work();
};

const tell = (): void => {
  const { user, system } = process.cpuUsage();
  process.send?.({ address, caPem, token, cpuMicroseconds: user + system } satisfies Told);
};

process.on('message', ({ isAudited }: Switch) => {
  audit.within = isAudited ? within : withoutRow;
  tell();
});
process.once('disconnect', async () => {
  await trail.close();
  await ground.close();
});
tell();

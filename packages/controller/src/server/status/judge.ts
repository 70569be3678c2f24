// Owns the list of checks of a controller that answers: each a pure judgement of facts, in a file of its own.
import type { Check, ServerFacts } from '@drover/api';
import { checkAudit } from './checks/audit.ts';
import { checkBackup } from './checks/backup.ts';
import { checkCertificates } from './checks/certificates.ts';
import { checkClocks } from './checks/clocks.ts';
import { checkDisk } from './checks/disk.ts';
import { checkEncryption } from './checks/encryption.ts';
import { checkEventLoop } from './checks/event-loop.ts';
import { checkMemory } from './checks/memory.ts';
import { checkNodes } from './checks/nodes.ts';
import { checkReserve } from './checks/reserve.ts';
import { checkRetention } from './checks/retention.ts';
import { checkVersions } from './checks/versions.ts';

const checks: readonly ((facts: ServerFacts) => Check)[] = [
  checkDisk,
  checkReserve,
  checkBackup,
  checkCertificates,
  checkEncryption,
  checkAudit,
  checkNodes,
  checkClocks,
  checkEventLoop,
  checkMemory,
  checkRetention,
  checkVersions,
];

export const judge = (facts: ServerFacts): readonly Check[] => checks.map((check) => check(facts));

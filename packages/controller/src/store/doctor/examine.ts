// Owns the examination of a data directory whose controller does not answer: facts, and a judgement of each kind, in a file
// of its own.
import type { Check } from '@drover/api';
import { checkTrail } from './checks/audit.ts';
import { checkEnds } from './checks/certificates.ts';
import { checkDatabase } from './checks/database.ts';
import { checkDirectory } from './checks/directory.ts';
import { checkSpace } from './checks/disk.ts';
import { checkHolder } from './checks/holder.ts';
import { checkKeys } from './checks/keyring.ts';
import { checkLog } from './checks/log.ts';
import { checkModes } from './checks/modes.ts';
import { checkPorts } from './checks/ports.ts';
import type { MachineFacts } from './facts.ts';
import { type Asked, gatherFacts } from './gather.ts';

const checks: readonly ((facts: MachineFacts) => Check)[] = [
  checkDirectory,
  checkModes,
  checkSpace,
  checkHolder,
  checkDatabase,
  checkKeys,
  checkPorts,
  checkEnds,
  checkTrail,
  checkLog,
];

/** Of a directory that is not there nothing else can be said. */
export const judge = (facts: MachineFacts): readonly Check[] => {
  const sensible = facts.directory.kind === 'directory' ? checks : [checkDirectory, checkPorts];
  return sensible.map((check) => check(facts));
};

export const examine = async (asked: Asked): Promise<readonly Check[]> => judge(await gatherFacts(asked));

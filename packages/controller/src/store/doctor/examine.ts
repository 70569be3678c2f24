// Owns the examination of a data directory whose controller does not answer: facts, and a judgement of each kind, in a file
// of its own.
import type { Check } from '@drover/api';
import { checkTrail } from './checks/audit.ts';
import { checkEnds } from './checks/certificates.ts';
import { checkDatabase } from './checks/database.ts';
import { checkDirectory } from './checks/directory.ts';
import { checkSpace } from './checks/disk.ts';
import { checkHolder } from './checks/holder.ts';
import { checkHolders } from './checks/holders.ts';
import { checkKeys } from './checks/keyring.ts';
import { checkLog } from './checks/log.ts';
import { checkModes } from './checks/modes.ts';
import { checkPorts } from './checks/ports.ts';
import { checkSchema } from './checks/schema.ts';
import { checkServer } from './checks/server.ts';
import { type MachineFacts, primaryOf } from './facts.ts';
import { type Asked, gatherFacts } from './gather.ts';

type Judge = (facts: MachineFacts) => Check;

/** What is judged of a database that nobody can ask is that alone. */
const ofDatabase = (facts: MachineFacts): readonly Judge[] => {
  if (facts.servers === undefined) return [checkDatabase, checkKeys];
  return primaryOf(facts) === undefined ? [checkServer] : [checkServer, checkSchema, checkHolders, checkKeys];
};

/** Of a directory that is not there nothing else can be said but of its database. */
export const judge = (facts: MachineFacts): readonly Check[] => {
  const database = ofDatabase(facts);
  const sensible =
    facts.directory.kind === 'directory'
      ? [
          checkDirectory,
          checkModes,
          checkSpace,
          checkHolder,
          ...database,
          checkPorts,
          checkEnds,
          checkTrail,
          checkLog,
        ]
      : [checkDirectory, ...(facts.servers === undefined ? [] : database), checkPorts];
  return sensible.map((check) => check(facts));
};

export const examine = async (asked: Asked): Promise<readonly Check[]> => judge(await gatherFacts(asked));

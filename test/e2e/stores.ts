// Owns which files of the suite are asked of one store only, and why.
// I1: a file that is not named here is run on SQLite and on PostgreSQL (vitest.config.ts): a new one is on both by itself.
// I2: what is named exists, and what is not named opens no store without saying which (test/rules/stores.test.ts).

const ownStores = 'asks both stores itself';
const noStore = 'starts no controller';
const several = 'is about several controllers, which PostgreSQL alone has';
const ofFiles = 'is about the files of a data directory and what becomes of them';
const ofPages = 'is about what pages make of addresses and of answers, whatever gives them';

/** File → why it is not run on PostgreSQL a second time. */
export const onceOnly: Readonly<Record<string, string>> = {
  'test/e2e/apply-upstream.test.ts': noStore,
  'test/e2e/backup-faults.test.ts': ownStores,
  'test/e2e/backup.test.ts': ownStores,
  'test/e2e/console/controllers.test.ts': several,
  'test/e2e/console/deep-links.test.ts': ofPages,
  'test/e2e/console/page-states.test.ts': ofPages,
  'test/e2e/controllers.test.ts': several,
  'test/e2e/doctor-postgres.test.ts': ownStores,
  'test/e2e/doctor.test.ts': `${ofFiles}: modes, pages, a keyring that is gone`,
  'test/e2e/failover.test.ts': several,
  'test/e2e/full-disk.test.ts': `${ofFiles}: when their disk is full or read-only`,
  'test/e2e/packages.test.ts': 'starts controllers in lab hosts, where no PostgreSQL is',
  'test/e2e/rolling.test.ts': several,
  'test/e2e/shared-data.test.ts': several,
  'test/e2e/start.test.ts': `${ofFiles}: npm start with nothing but a directory`,
  'test/e2e/store-migrate.test.ts': ownStores,
  'test/e2e/upgrade-postgres.test.ts': ownStores,
  'test/e2e/upgrade.test.ts': `${ofFiles}: those that earlier releases have left`,
  'test/faults/failover.test.ts': several,
};

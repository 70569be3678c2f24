// Owns the promises of the store as tests: whatever implements `Store` must pass them.
import { describe } from 'vitest';
import { auditContract } from './audit.ts';
import { blobContract } from './blobs.ts';
import { type MakePlace, useStores } from './harness.ts';
import { objectContract } from './objects.ts';
import { outputContract } from './output.ts';
import { peopleContract } from './people.ts';
import { recordingContract } from './recordings.ts';
import { sizeContract } from './sizes.ts';
import { taskContract } from './tasks.ts';

export const storeContract = (name: string, makePlace: MakePlace): void => {
  describe(name, () => {
    const stores = useStores(makePlace);
    objectContract(stores);
    taskContract(stores);
    outputContract(stores);
    peopleContract(stores);
    blobContract(stores);
    recordingContract(stores);
    auditContract(stores);
    sizeContract(stores);
  });
};

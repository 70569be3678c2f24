// Owns the list of what the store's threads can do; the names are the families and their calls.
import { agentReads, agentWrites } from './agents.ts';
import { auditReads, auditWrites } from './audit.ts';
import { blobReads, blobWrites } from './blobs.ts';
import { bodyReads, bodyWrites } from './bodies.ts';
import { credentialReads, credentialWrites } from './credentials.ts';
import { factorReads, factorWrites } from './factors.ts';
import { metaReads, metaWrites } from './meta.ts';
import { objectReads, objectWrites } from './objects.ts';
import { outputReads, outputWrites } from './output.ts';
import { pendingReads, pendingWrites } from './pending.ts';
import { sealedReads, sealedWrites } from './sealed.ts';
import { sizeReads } from './sizes.ts';
import { spaceWrites } from './space.ts';
import { taskReads, taskWrites } from './tasks.ts';

export const writeOperations = {
  ...objectWrites,
  ...taskWrites,
  ...outputWrites,
  ...agentWrites,
  ...credentialWrites,
  ...factorWrites,
  ...pendingWrites,
  ...blobWrites,
  ...bodyWrites,
  ...metaWrites,
  ...sealedWrites,
  ...auditWrites,
  ...spaceWrites,
};

export const readOperations = {
  ...objectReads,
  ...taskReads,
  ...outputReads,
  ...agentReads,
  ...credentialReads,
  ...factorReads,
  ...pendingReads,
  ...blobReads,
  ...bodyReads,
  ...metaReads,
  ...sealedReads,
  ...auditReads,
  ...sizeReads,
};

export type WriteOperations = typeof writeOperations;
export type ReadOperations = typeof readOperations;

// Owns the order of migrations. I1: the schema version is how many of these have been applied.
import { initial } from './0001-initial.ts';
import { audit } from './0002-audit.ts';
import { people } from './0003-people.ts';
import { sealedObjects } from './0004-sealed-objects.ts';
import { factorUse } from './0005-factor-use.ts';
import { taskNode } from './0006-task-node.ts';
import { controllers } from './0007-controllers.ts';

export const migrations: readonly string[] = [
  initial,
  audit,
  people,
  sealedObjects,
  factorUse,
  taskNode,
  controllers,
];

// Kinds that users define: CustomResourceDefinition and what it makes.
export { cleanupFinalizer } from './definition.ts';
export { definedResource, toCustomKinds } from './kinds.ts';
export { parseReplicas, type ScalePaths, scaleKind, toScale, withReplicas } from './scale.ts';
export { isServed, planDefinitionStatus, takenNames, toTerminating } from './status.ts';

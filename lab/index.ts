// The lab room's entry: the library for tests and `drover lab` for people.
export { cacheDir, ensureBase, missingForLab, type Release, releases } from './base.ts';
export { labCommand } from './command.ts';
export { type Finished, gatewayAddress, Lab } from './lab.ts';

// The command line as a library: for the generator of its reference page.
export { type CommandOutline, toCommandOutline } from './output/outline.ts';
export { toReferencePage } from './output/reference-page.ts';
export { buildProgram } from './program.ts';
export { createSession } from './session.ts';

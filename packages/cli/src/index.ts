// The command line as a library: for what is generated from its commands.
export { completionScripts } from './output/completion-scripts.ts';
export { type CommandOutline, toCommandOutline } from './output/outline.ts';
export { toReferencePage } from './output/reference-page.ts';
export { buildProgram } from './program.ts';
export { createSession } from './session.ts';

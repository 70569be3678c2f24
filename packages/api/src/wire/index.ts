export * from './agent.gen.ts';
export * from './frames.ts';
export * from './limits.ts';
export { ProblemError } from './messages.ts';
export * from './mux.ts';

export * from './errors.ts';
export * from './kind.ts';
export * from './kinds/command-run.ts';
export * from './kinds/enrollment-token.ts';
export * from './kinds/file-transfer.ts';
export * from './meta.ts';
export * from './work.ts';

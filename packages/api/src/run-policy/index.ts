export * from './judge.ts';
export * from './wish.ts';

export { foldNodeSet } from './fold.ts';
export { compareNames } from './order.ts';
export { type NodeSetExpression, type NodeSetOperand, type NodeSetStep, parseNodeSet } from './parse.ts';
export { type NodeSetWorld, type ResolvedNodeSet, resolveNodeSet } from './resolve.ts';

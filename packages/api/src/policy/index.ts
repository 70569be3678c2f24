// What policies do with their expressions. Loaded on demand only (on-demand.ts): it brings the CEL library along.
export { type CompiledPolicy, compilePolicy, expressionCauses } from './compile.ts';
export {
  evaluatePolicy,
  type Failure,
  newReviewBudget,
  type PolicyOutcome,
  type Review,
} from './evaluate.ts';
export { checkTypes } from './type-check.ts';

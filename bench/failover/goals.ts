// Owns when the benchmark has failed: a figure that is above its goal, or is none.

export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly atMost: number;
}

/** In words, one for each that was missed. */
export const missedGoals = (goals: readonly Goal[]): readonly string[] =>
  goals
    .filter(({ value, atMost }) => !(value <= atMost))
    .map(({ name, value, atMost }) => `${name} is ${value}, not at most ${atMost}`);

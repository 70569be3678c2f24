// Owns the straight line through measured points, by which a figure is reckoned for a fleet that this machine cannot hold.

export interface Point {
  readonly agents: number;
  readonly value: number;
}

export interface Line {
  readonly base: number;
  readonly perThousand: number;
  at(agents: number): number;
}

/** Least squares; of one point a level line. */
export const lineThrough = (points: readonly Point[]): Line => {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ agents }) => agents), mean(({ value }) => value)];
  const spread = mean(({ agents }) => (agents - x) ** 2);
  const slope = spread === 0 ? 0 : mean(({ agents, value }) => (agents - x) * (value - y)) / spread;
  const base = y - slope * x;
  return { base, perThousand: slope * 1000, at: (agents) => base + slope * agents };
};

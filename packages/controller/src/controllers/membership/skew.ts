// Owns how far apart the versions of controllers on one database may be (adr/0021): one step. A step is the next minor version, or the
// first of the next major one.

interface Version {
  readonly major: number;
  readonly minor: number;
}

const parseVersion = (text: string): Version => {
  const [major = 0, minor = 0] = text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return { major, minor };
};

const isStep = (from: Version, to: Version): boolean =>
  from.major === to.major ? to.minor - from.minor <= 1 : to.major - from.major === 1 && to.minor === 0;

const isOlder = (a: Version, b: Version): boolean =>
  a.major === b.major ? a.minor < b.minor : a.major < b.major;

/** Whether they may work together. */
export const mayWorkTogether = (one: string, other: string): boolean => {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  return isOlder(a, b) ? isStep(a, b) : isStep(b, a);
};

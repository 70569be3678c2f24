// Judges whether the controllers of the fleet are of one version: of two they are only while an upgrade is under way.
import type { Check, ServerFacts } from '@drover/api';

const unknownVersion = 'an unknown version';

export const checkVersions = ({ controllers = [] }: ServerFacts): Check => {
  const name = 'versions';
  const byVersion = Map.groupBy(controllers, ({ version = unknownVersion }) => version);
  const [only = unknownVersion] = byVersion.keys();
  const who = controllers.length === 1 ? 'the controller is' : `all ${controllers.length} controllers are`;
  if (byVersion.size <= 1) return { name, verdict: 'ok', message: `${who} of ${only}` };
  const told = [...byVersion].map(
    ([version, of]) => `${version} (${of.map(({ address }) => address).join(', ')})`,
  );
  return {
    name,
    verdict: 'warn',
    message: `controllers are of ${byVersion.size} versions: ${told.join(', ')}`,
    remedy: 'end the upgrade: bring those of the older version to the newer one',
  };
};

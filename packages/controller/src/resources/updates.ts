// Owns what a change of a stored object is judged by when another version of Drover has written that.
// I1: fields of a newer version stay (api: validation/newer-fields.ts); a default that an older one did not know is no change.
import {
  type Cause,
  checkImmutable,
  type Kind,
  type KubeObject,
  newerFieldsOf,
  validatorOf,
} from '@drover/api';

type Fields = Readonly<Record<string, unknown>>;

/** What `validate` makes of `candidate`, with what it could not know. */
export const validUpdate = (
  kind: Kind,
  current: KubeObject,
  candidate: Fields,
  validate: (input: Fields) => KubeObject,
): KubeObject => {
  const newer = newerFieldsOf(kind, current);
  return newer === undefined ? validate(candidate) : newer.kept(validate(newer.hidden(candidate)));
};

/** What was changed that may not be. */
export const immutableCauses = (kind: Kind, current: KubeObject, valid: KubeObject): readonly Cause[] => {
  const causes = checkImmutable(kind, current, valid);
  if (causes.length === 0) return causes;
  return checkImmutable(kind, validatorOf(kind)(current, 'Ignore').object, valid);
};

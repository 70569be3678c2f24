// Owns who may make servers join over SSH. An SSHEnrollment is carried out by the controller, which may read every Secret
// and make every token; so whoever writes one must be allowed to do with their own hands what it will do.
// I1: who makes one may read its Secret, may delete it if the object is to, and may make enrolment tokens.
// I2: who adds a host key - as one is made, or later - may `trust` there; which key it was stands in the audit trail.
import {
  enrollmentTokenKind,
  type Kind,
  type KubeObject,
  newlyTrusted,
  resourceKey,
  type SSHEnrollment,
  secretKind,
  sshEnrollmentKind,
} from '@drover/api';
import { forbidden } from './forbidden.ts';
import type { Identity } from './identity.ts';
import type { Attributes, Decision } from './permissions.ts';
import type { WriteGuard } from './rbac/escalation.ts';

// What the writer hands over has been validated by the schema of its kind.
const specOf = (object: KubeObject): SSHEnrollment['spec'] => (object as unknown as SSHEnrollment).spec;

/** I1. What the controller will do; the Secret and whether it is deleted are immutable. */
const deedsOf = (object: KubeObject): readonly Attributes[] => {
  const { namespace = '' } = object.metadata;
  const { secretName: name, deleteSecret } = specOf(object).credentials;
  const secret = { resource: resourceKey(secretKind), namespace, name };
  return [
    { verb: 'get', ...secret },
    ...(deleteSecret ? [{ verb: 'delete', ...secret }] : []),
    { verb: 'create', resource: resourceKey(enrollmentTokenKind) },
  ];
};

/** For WriteOptions.guard. Throws Forbidden. */
export const guardSSHEnrolment =
  (authorize: (identity: Identity, attributes: Attributes) => Decision, identity: Identity): WriteGuard =>
  (before, after) => {
    const { name = '', namespace = '' } = after.metadata;
    const trusted = newlyTrusted(before && specOf(before), specOf(after));
    const trust = { verb: 'trust', resource: resourceKey(sshEnrollmentKind), namespace, name };
    const wanted = [...(before === undefined ? deedsOf(after) : []), ...(trusted.length > 0 ? [trust] : [])];
    for (const one of wanted) {
      const { allowed, reason } = authorize(identity, one);
      if (!allowed) throw forbidden(identity, one, reason);
    }
  };

const maxTold = 10;

/** I2. For the audit trail; '' when no key is trusted that was not before. */
export const trustNote = (kind: Kind, before: KubeObject | undefined, after: KubeObject): string => {
  if (kind !== sshEnrollmentKind) return '';
  const trusted = newlyTrusted(before && specOf(before), specOf(after));
  if (trusted.length === 0) return '';
  const more = trusted.length > maxTold ? ` and ${trusted.length - maxTold} more` : '';
  return `trusts host keys: ${trusted.slice(0, maxTold).join(', ')}${more}`;
};

// Tables of what controllers and agents write beside core/v1: certificate requests and leases.
import { field, kept, list, map, message } from '../table.ts';
import { objectMeta } from './meta.ts';
import { extraValue, microTime, time } from './values.ts';

const certificates = (name: string) => `k8s.io.api.certificates.v1.${name}`;

const condition = message(certificates('CertificateSigningRequestCondition'), {
  type: kept(1, 'string'),
  reason: field(2, 'string'),
  message: field(3, 'string'),
  lastUpdateTime: field(4, time),
  lastTransitionTime: field(5, time),
  status: kept(6, 'string'),
});

const spec = message(certificates('CertificateSigningRequestSpec'), {
  request: kept(1, 'bytes'),
  username: field(2, 'string'),
  uid: field(3, 'string'),
  groups: list(4, 'string'),
  usages: list(5, 'string'),
  extra: map(6, extraValue('certificates')),
  signerName: kept(7, 'string'),
  expirationSeconds: kept(8, 'int32'),
});

export const certificateSigningRequest = message(certificates('CertificateSigningRequest'), {
  metadata: field(1, objectMeta),
  spec: field(2, spec),
  status: field(
    3,
    message(certificates('CertificateSigningRequestStatus'), {
      conditions: list(1, condition),
      certificate: field(2, 'bytes'),
    }),
  ),
});

const leaseSpec = message('k8s.io.api.coordination.v1.LeaseSpec', {
  holderIdentity: kept(1, 'string'),
  leaseDurationSeconds: kept(2, 'int32'),
  acquireTime: field(3, microTime),
  renewTime: field(4, microTime),
  leaseTransitions: kept(5, 'int32'),
  strategy: kept(6, 'string'),
  preferredHolder: kept(7, 'string'),
});

export const lease = message('k8s.io.api.coordination.v1.Lease', {
  metadata: field(1, objectMeta),
  spec: field(2, leaseSpec),
});

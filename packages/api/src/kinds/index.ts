// Every kind that Drover serves, in the order of discovery documents.
import type { Kind } from '../kind.ts';
import {
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
} from './access-review.ts';
import { certificateSigningRequestKind } from './certificate-signing-request.ts';
import { commandRunKind } from './command-run.ts';
import { configMapKind } from './config-map.ts';
import { customResourceDefinitionKind } from './custom-resource-definition.ts';
import { enrollmentTokenKind } from './enrollment-token.ts';
import { eventKind } from './event.ts';
import { fileTransferKind } from './file-transfer.ts';
import { groupKind } from './group.ts';
import { leaseKind } from './lease.ts';
import { namespaceKind } from './namespace.ts';
import { nodeKind } from './node.ts';
import { nodeMetricsKind } from './node-metrics.ts';
import { resourceQuotaKind } from './resource-quota.ts';
import { retentionPolicyKind } from './retention-policy.ts';
import { clusterRoleKind, roleKind } from './role.ts';
import { clusterRoleBindingKind, roleBindingKind } from './role-binding.ts';
import { runPolicyKind } from './run-policy.ts';
import { savedCommandKind } from './saved-command.ts';
import { scheduleKind } from './schedule.ts';
import { secretKind } from './secret.ts';
import { serviceAccountKind } from './service-account.ts';
import { signInMethodKind } from './sign-in-method.ts';
import { sshEnrollmentKind } from './ssh-enrollment.ts';
import { userKind } from './user.ts';
import { validatingAdmissionPolicyKind } from './validating-admission-policy.ts';
import { validatingAdmissionPolicyBindingKind } from './validating-admission-policy-binding.ts';

export * from './access-review.ts';
export * from './certificate-signing-request.ts';
export * from './command-run.ts';
export * from './config-map.ts';
export * from './custom-resource-definition.ts';
export * from './enrollment-token.ts';
export * from './event.ts';
export * from './file-transfer.ts';
export * from './group.ts';
export * from './lease.ts';
export type { MatchResources } from './match-resources.ts';
export * from './namespace.ts';
export * from './node.ts';
export * from './node-metrics.ts';
export * from './node-schema.ts';
export * from './person-name.ts';
export * from './policy-rule.ts';
export * from './resource-quota.ts';
export * from './retention-policy.ts';
export * from './role.ts';
export * from './role-binding.ts';
export * from './run-policy.ts';
export * from './run-template.ts';
export * from './saved-command.ts';
export * from './schedule.ts';
export * from './secret.ts';
export * from './service-account.ts';
export * from './sign-in-method.ts';
export * from './ssh-enrollment.ts';
export * from './user.ts';
export * from './validating-admission-policy.ts';
export * from './validating-admission-policy-binding.ts';

export const allKinds: readonly Kind[] = [
  configMapKind,
  eventKind,
  namespaceKind,
  nodeKind,
  resourceQuotaKind,
  secretKind,
  serviceAccountKind,
  validatingAdmissionPolicyKind,
  validatingAdmissionPolicyBindingKind,
  customResourceDefinitionKind,
  selfSubjectReviewKind,
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
  certificateSigningRequestKind,
  leaseKind,
  commandRunKind,
  enrollmentTokenKind,
  fileTransferKind,
  groupKind,
  retentionPolicyKind,
  runPolicyKind,
  savedCommandKind,
  scheduleKind,
  signInMethodKind,
  sshEnrollmentKind,
  userKind,
  nodeMetricsKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  roleKind,
  roleBindingKind,
];

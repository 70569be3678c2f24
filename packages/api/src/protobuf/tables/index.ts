// Every object that can be sent in protobuf, by its apiVersion and kind.
import type { Message } from '../table.ts';
import {
  clusterRole,
  clusterRoleBinding,
  localSubjectAccessReview,
  role,
  roleBinding,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenRequest,
  tokenReview,
} from './access.ts';
import { certificateSigningRequest, lease } from './control.ts';
import { configMap, event, namespace, resourceQuota, secret, serviceAccount } from './core.ts';
import { deleteOptions } from './meta.ts';
import { node } from './node.ts';

export const messages: Readonly<Record<string, Readonly<Record<string, Message>>>> = {
  v1: {
    ConfigMap: configMap,
    Event: event,
    Namespace: namespace,
    Node: node,
    ResourceQuota: resourceQuota,
    Secret: secret,
    ServiceAccount: serviceAccount,
  },
  'authentication.k8s.io/v1': {
    SelfSubjectReview: selfSubjectReview,
    TokenRequest: tokenRequest,
    TokenReview: tokenReview,
  },
  'authorization.k8s.io/v1': {
    LocalSubjectAccessReview: localSubjectAccessReview,
    SelfSubjectAccessReview: selfSubjectAccessReview,
    SelfSubjectRulesReview: selfSubjectRulesReview,
    SubjectAccessReview: subjectAccessReview,
  },
  'certificates.k8s.io/v1': { CertificateSigningRequest: certificateSigningRequest },
  'coordination.k8s.io/v1': { Lease: lease },
  'rbac.authorization.k8s.io/v1': {
    ClusterRole: clusterRole,
    ClusterRoleBinding: clusterRoleBinding,
    Role: role,
    RoleBinding: roleBinding,
  },
};

/** Clients send DeleteOptions in the apiVersion of what they delete. */
export const messageOf = (apiVersion: string, kind: string): Message | undefined => {
  if (kind === 'DeleteOptions') return deleteOptions;
  const ofVersion = Object.hasOwn(messages, apiVersion) ? messages[apiVersion] : undefined;
  return ofVersion !== undefined && Object.hasOwn(ofVersion, kind) ? ofVersion[kind] : undefined;
};

import type { SignInMethod } from '@drover/api';
import { expect, test } from 'vitest';
import { toDraft, toSpec } from './method-draft.ts';

const ldap: SignInMethod = {
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'SignInMethod',
  metadata: { name: 'corp' },
  spec: {
    disabled: true,
    createUsers: true,
    linkUsers: false,
    groupPrefix: 'corp:',
    ldap: {
      url: 'ldaps://ldap.example.org',
      startTls: false,
      userBase: 'ou=people',
      userAttribute: 'sAMAccountName',
      subjectAttribute: 'objectGUID',
      memberAttribute: 'member',
      groupAttribute: 'cn',
      bindDn: 'cn=reader',
      bindPassword: { namespace: 'default', name: 'ldap', key: 'password' },
    },
  },
};

test('a method that is opened and saved is as it was, with what the form does not show', () => {
  expect(toSpec(toDraft(ldap), ldap)).toEqual(ldap.spec);
});

test('what is emptied is taken away', () => {
  const spec = toSpec({ ...toDraft(ldap), bindDn: '', secret: '' }, ldap) as SignInMethod['spec'];
  expect(spec.ldap).not.toHaveProperty('bindDn');
  expect(spec.ldap).not.toHaveProperty('bindPassword');
});

test('a new provider has what was typed, and a secret by its name', () => {
  const typed = { ...toDraft(), address: 'https://login.example.org', clientId: 'drover', secret: 'a/b/c' };
  expect(toSpec(typed)).toEqual({
    disabled: false,
    groupPrefix: '',
    createUsers: true,
    linkUsers: false,
    oidc: {
      issuer: 'https://login.example.org',
      clientId: 'drover',
      clientSecret: { namespace: 'a', name: 'b', key: 'c' },
    },
  });
});

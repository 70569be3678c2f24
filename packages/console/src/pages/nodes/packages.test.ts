import { expect, test } from 'vitest';
import { listPackages, parsePackages } from './packages.ts';

test('packages are read as dpkg and rpm list them, and what is removed is left out', () => {
  const dpkg = 'ii \tvim\t2:9.1\tamd64\t4000\nrc \tnano\t8.0\tamd64\t100\nii \tadduser\t3.1\tall\t1\n';
  expect(parsePackages(dpkg, 'apt')).toEqual([
    { name: 'adduser', version: '3.1', architecture: 'all', sizeBytes: 1024 },
    { name: 'vim', version: '2:9.1', architecture: 'amd64', sizeBytes: 4_096_000 },
  ]);
  expect(parsePackages('ii \tbash\t5.2-1.el9\tx86_64\t7000\n', 'dnf')).toEqual([
    { name: 'bash', version: '5.2-1.el9', architecture: 'x86_64', sizeBytes: 7000 },
  ]);
});

test('a node without a known package manager is not asked', () => {
  expect(listPackages('apt')?.[0]).toBe('dpkg-query');
  expect(listPackages('zypper')?.[0]).toBe('rpm');
  expect(listPackages('')).toBeUndefined();
});

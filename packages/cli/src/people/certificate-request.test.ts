import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeCertificateRequest } from './certificate-request.ts';

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });

test('a request names user and groups whatever they are, and is signed by its key', async () => {
  await fc.assert(
    fc.asyncProperty(word, fc.array(word, { maxLength: 20 }), async (user, groups) => {
      const { keyPem, requestPem } = makeCertificateRequest(user, groups);
      const request = new Pkcs10CertificateRequest(requestPem);
      expect(await request.verify()).toBe(true);
      expect(request.subjectName.getField('CN')).toEqual([user]);
      expect(request.subjectName.getField('O')).toEqual(groups);
      const own = createPublicKey(createPrivateKey(keyPem)).export({ format: 'der', type: 'spki' });
      expect(Buffer.from(request.publicKey.rawData)).toEqual(own);
    }),
    { numRuns: 50 },
  );
});

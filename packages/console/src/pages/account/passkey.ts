// Owns making a passkey in this browser (WebAuthn level 3), and saying what went wrong so that somebody can do something.
import i18next from 'i18next';
import { client } from '../../api/client.ts';

/** False: a browser before 2025. */
export const canMakePasskeys = (): boolean =>
  typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function';

/** The browser's own words say little, and to programmers. */
const remedies = {
  NotAllowedError: 'stopped',
  InvalidStateError: 'already',
  SecurityError: 'name',
  NotSupportedError: 'unable',
} as const;

const toWords = (error: unknown): Error => {
  const name = error instanceof DOMException ? error.name : '';
  if (!Object.hasOwn(remedies, name)) return error instanceof Error ? error : new Error(String(error));
  const remedy = remedies[name as keyof typeof remedies]; // it has been found there
  return new Error(
    i18next.t('account.passkeys.failed', { why: i18next.t(`account.passkeys.why.${remedy}`) }),
  );
};

/** @throws Error in words with a remedy. */
export const makePasskey = async (name: string, password: string): Promise<void> => {
  // What the controller answers is what the browser takes (WebAuthn, PublicKeyCredentialCreationOptionsJSON).
  const options = (await client.beginPasskey(password)) as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  try {
    const made = await navigator.credentials.create({ publicKey });
    if (!(made instanceof PublicKeyCredential)) throw new Error(i18next.t('account.passkeys.why.stopped'));
    await client.finishPasskey(name, made.toJSON());
  } catch (error) {
    throw toWords(error);
  }
};

// Owns what the plain pages cannot do without a script: passkeys (WebAuthn level 3). Served as /sign-in.js as it is.
// I1: what needs it is hidden until the browser has shown that it can: without it the pages work as before.
// I2: what comes from outside is shown as text, never as HTML.

const problem = document.getElementById('problem');

const tell = (text) => {
  problem.textContent = text;
  problem.hidden = text === '';
};

/** The browser's own words say little, and to programmers: what to do is said here. */
const remedies = {
  NotAllowedError:
    'no passkey was given. It was stopped or took too long, this device has none for this controller, or the browser does not trust the certificate of the controller. Try again, or use your password',
  InvalidStateError: 'this device has a passkey of yours for this controller already; use another device',
  SecurityError: 'browsers make passkeys for names only: open the controller by its name, not by an address',
  NotSupportedError: 'this device cannot make the kind of passkey that is needed; use another one',
  TypeError: 'the controller does not answer; is it running? Then try again',
};

const post = async (path, body) => {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-drover-request': 'page' },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
};

const signIn = async () => {
  const options = await post('/auth/passkey/options', {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const passkey = await navigator.credentials.get({ publicKey });
  await post('/auth/passkey', passkey.toJSON());
  // The server has made sure that it is a path of its own (safe-path.ts).
  location.assign(document.querySelector('input[name=next]').value);
};

const form = document.getElementById('add-passkey');

const add = async () => {
  const { name, password } = Object.fromEntries(new FormData(form));
  const options = await post('/auth/passkeys/options', { password });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const passkey = await navigator.credentials.create({ publicKey });
  await post('/auth/passkeys', { name, response: passkey.toJSON() });
  location.reload();
};

const remove = async ({ currentTarget: { value, dataset } }) => {
  const field = form.elements.namedItem('password');
  if (field !== null && !field.reportValidity()) return;
  if (!confirm(`Remove the passkey "${dataset.name}"? Nobody can sign in with it afterwards.`)) return;
  await post(`/auth/passkeys/${encodeURIComponent(value)}/remove`, { password: field?.value });
  location.reload();
};

/** Tells what went wrong; a second click while the first is still at work does nothing. */
const guarded = (what, work) => {
  let isBusy = false;
  return async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    tell('');
    // currentTarget is gone after the first wait.
    await work({ currentTarget: event.currentTarget }).catch((error) => {
      const remedy = remedies[error.name];
      tell(remedy === undefined ? error.message : `cannot ${what}: ${remedy}`);
    });
    isBusy = false;
  };
};

const isAble = typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function';
for (const part of document.querySelectorAll('[data-passkeys]'))
  part.hidden = isAble !== (part.dataset.passkeys === 'able');
document.getElementById('use-passkey')?.addEventListener('click', guarded('sign in', signIn));
form?.addEventListener('submit', guarded('add the passkey', add));
for (const button of document.querySelectorAll('button[data-name]'))
  button.addEventListener('click', guarded('remove the passkey', remove));

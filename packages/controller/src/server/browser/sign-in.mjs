// Owns what the sign-in page cannot do without a script: passkeys (WebAuthn level 3). Served as /sign-in.js as it is.
// I1: what needs it is hidden until the browser has shown that it can: without it the pages work as before.
// I2: what comes from outside is shown as text, never as HTML.

/** A path of ours, also where a proxy shows us below one. */
const at = (path) => new URL(`.${path}`, import.meta.url);

const problem = document.getElementById('problem');

const tell = (text) => {
  problem.textContent = text;
  problem.hidden = text === '';
};

const texts = {
  en: {
    failed: 'cannot sign in: ',
    stopped:
      'no passkey was given. It was stopped or took too long, this device has none for this controller, or the browser does not trust the certificate of the controller. Try again, or use your password',
    name: 'browsers take passkeys for names only: open the controller by its name, not by an address',
    silent: 'the controller does not answer; is it running? Then try again',
  },
  zh: {
    failed: '无法登录：',
    stopped:
      '未提供通行密钥。操作被取消或超时，此设备没有此控制器的通行密钥，或者浏览器不信任控制器的证书。请重试，或使用密码',
    name: '浏览器只为域名使用通行密钥：请用控制器的名称而不是 IP 地址访问',
    silent: '控制器没有响应；它在运行吗？请稍后重试',
  },
};
const words = document.documentElement.lang.startsWith('zh') ? texts.zh : texts.en;

/** The browser's own words say little, and to programmers: what to do is said here. */
const remedies = {
  NotAllowedError: words.stopped,
  SecurityError: words.name,
  TypeError: words.silent,
};

const post = async (path, body) => {
  const answer = await fetch(at(path), {
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
  location.assign(at(document.querySelector('input[name=next]').value));
};

/** Tells what went wrong; a second click while the first is still at work does nothing. */
const guarded = (work) => {
  let isBusy = false;
  return async () => {
    if (isBusy) return;
    isBusy = true;
    tell('');
    await work().catch((error) => {
      const remedy = remedies[error.name];
      tell(remedy === undefined ? error.message : `${words.failed}${remedy}`);
    });
    isBusy = false;
  };
};

const isAble = typeof globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';
for (const part of document.querySelectorAll('[data-passkeys]'))
  part.hidden = isAble !== (part.dataset.passkeys === 'able');
document.getElementById('use-passkey')?.addEventListener('click', guarded(signIn));

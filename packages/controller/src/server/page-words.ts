// Owns the words of the server's own pages: English, and Simplified Chinese for whose browser asks for it first.
// What a refusal says in the API's words stays as it is; those of signing in are told here.

const en = {
  language: 'en',
  title: 'Sign in to Drover',
  user: 'User',
  password: 'Password',
  code: 'Code, where you use an app',
  signIn: 'Sign in',
  passkey: 'Sign in with a passkey',
  provider: (name: string) => `Sign in with ${name}`,
  or: 'or',
  refused: 'cannot sign in: user, password or code is wrong, or the user is disabled',
  codeNeeded: 'cannot sign in: the code of your app is needed too; type it with the password',
  passkeyNeeded: 'cannot sign in: use your passkey, a password alone does not do here',
  slowed: (seconds: number) => `cannot sign in: too many tries that failed; try again in ${seconds} s`,
  about: 'Command line, API and documentation',
  commandLine: 'Command line',
  commandLineText:
    '<code>drover login</code>, then <code>drover nodes</code>, <code>drover run</code>, <code>drover push</code>; <code>drover --help</code> lists the rest',
  api: 'API',
  apiText: (link: (path: string) => string) =>
    `Kubernetes style, at this address: ${link('/api')}, ${link('/apis')}, described by ${link('/openapi/v3')}; <code>kubectl</code> works`,
  health: 'Health and metrics',
  docs: 'Documentation',
  docsText:
    'the directory <code>docs/</code> of the installation: start with <code>docs/user/</code> and <code>docs/protocol.md</code>',
  signedIn: 'You are signed in',
  signedInAs: (user: string) => `You are signed in as <strong>${user}</strong>.`,
  notBuilt:
    'The console has not been built here (<code>npm start</code> does it); everything can be done through the API and the command line.',
  waits:
    '<strong>A second factor is asked of you, and you have none yet.</strong> Until then this sign-in serves for nothing else: add an app with <code>drover login --user</code>; then sign in again.',
  signOut: 'Sign out',
  goOn: 'Go on',
  failed: 'That did not work',
  back: 'Back to the first page',
  linkGone: 'This link does not work any more',
  linkGoneText:
    'A sign-in link works once and for a short time. An administrator makes a new one: <code>drover user link NAME</code>; whoever runs the controller is one.',
  cliTitle: 'Let a command line sign in as you?',
  cliAsks: (from: string, user: string, endsAt: string) =>
    `The command line of <strong>${from}</strong> asks to sign in as <strong>${user}</strong>. It would get an API token with which it may whatever you may, until ${endsAt}. You can see and revoke it with <code>drover api-token</code>.`,
  cliOnly:
    'Allow it only if you have just begun this there yourself, with <code>drover login --browser</code>.',
  allow: 'Allow',
  refuse: 'Refuse',
  withoutAnswer: 'without an answer',
};

export type PageWords = typeof en;

const zh: PageWords = {
  language: 'zh-CN',
  title: '登录 Drover',
  user: '用户名',
  password: '密码',
  code: '验证码（使用验证器应用时填写）',
  signIn: '登录',
  passkey: '使用通行密钥登录',
  provider: (name) => `使用 ${name} 登录`,
  or: '或',
  refused: '无法登录：用户名、密码或验证码错误，或者该用户已停用',
  codeNeeded: '无法登录：还需要验证器应用中的验证码；请与密码一起填写',
  passkeyNeeded: '无法登录：请使用通行密钥，此处仅凭密码无法登录',
  slowed: (seconds) => `无法登录：失败次数过多；请在 ${seconds} 秒后重试`,
  about: '命令行、API 和文档',
  commandLine: '命令行',
  commandLineText:
    '先执行 <code>drover login</code>，然后可使用 <code>drover nodes</code>、<code>drover run</code>、<code>drover push</code>；<code>drover --help</code> 列出其他命令',
  api: 'API',
  apiText: (link) =>
    `Kubernetes 风格，就在此地址：${link('/api')}、${link('/apis')}，说明见 ${link('/openapi/v3')}；可使用 <code>kubectl</code>`,
  health: '健康状态和指标',
  docs: '文档',
  docsText:
    '安装目录中的 <code>docs/</code>：从 <code>docs/user/</code> 和 <code>docs/protocol.md</code> 开始',
  signedIn: '已登录',
  signedInAs: (user) => `您已登录为 <strong>${user}</strong>。`,
  notBuilt: '此处尚未构建控制台（执行 <code>npm start</code> 即可）；所有操作都可以通过 API 和命令行完成。',
  waits:
    '<strong>需要设置双因素验证，而您尚未设置。</strong>在此之前，此次登录不能用于其他操作：请用 <code>drover login --user</code> 添加验证器应用，然后重新登录。',
  signOut: '退出登录',
  goOn: '继续',
  failed: '操作未成功',
  back: '回到首页',
  linkGone: '此链接已失效',
  linkGoneText:
    '登录链接只能使用一次，且有效期很短。管理员可以生成新链接：<code>drover user link 用户名</code>；运行控制器的人就是管理员。',
  cliTitle: '允许命令行以您的身份登录？',
  cliAsks: (from, user, endsAt) =>
    `<strong>${from}</strong> 的命令行请求以 <strong>${user}</strong> 的身份登录。它将获得一个 API 令牌，在 ${endsAt} 之前拥有与您相同的权限。您可以用 <code>drover api-token</code> 查看和吊销。`,
  cliOnly: '仅当您刚刚在那里亲自执行了 <code>drover login --browser</code> 时才允许。',
  allow: '允许',
  refuse: '拒绝',
  withoutAnswer: '不作回答',
};

/** By the first language of an Accept-Language header (RFC 9110, section 12.5.4) that is one of ours. */
export const wordsFor = (accepted: string): PageWords => {
  const wanted = accepted
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
      const quality = parameters.find((one) => one.startsWith('q='))?.slice(2);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  const first = wanted.find(({ tag }) => /^(zh|en)(-|$)/.test(tag));
  return first?.tag.startsWith('zh') === true ? zh : en;
};

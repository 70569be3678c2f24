import { expect, test } from 'vitest';
import { wordsFor } from './page-words.ts';

test.each([
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
  ['zh', 'zh-CN'],
  ['en;q=0.5, zh-TW;q=0.9', 'zh-CN'],
  ['de-CH, zh;q=0.4', 'zh-CN'],
  ['en-US,en;q=0.9,zh;q=0.8', 'en'],
  ['zh;q=0, en', 'en'],
  ['fr', 'en'],
  ['', 'en'],
  ['*', 'en'],
])('who asks for %j is answered in %s', (accepted, language) =>
  expect(wordsFor(accepted).language).toBe(language),
);

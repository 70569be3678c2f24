import type { search as english } from '../en/search.ts';
import type { Texts } from '../texts.ts';

export const search: Texts<typeof english> = {
  open: '搜索或跳转',
  title: '搜索或跳转',
  placeholder: '页面、操作或对象名称',
  results: '结果',
  hint: '方向键选择，回车打开，Esc 关闭。',
  nothing: '没有匹配的名称。',
  looking: '正在查找对象……',
  kinds: { page: '页面', action: '操作', kind: '种类' },
};

import type { events as english } from '../en/events.ts';
import type { Texts } from '../texts.ts';

export const events: Texts<typeof english> = {
  list: '事件',
  when: '时间',
  type: '类型',
  object: '对象',
  reason: '原因',
  message: '信息',
  count: '次数',
  empty: '没有事件',
  emptyBody: '节点、命令执行以及其他对象发生的变化会实时记录在这里。',
  filterLabel: '按对象、原因或信息筛选',
};

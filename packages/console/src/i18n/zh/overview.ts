import type { overview as english } from '../en/overview.ts';
import type { Texts } from '../texts.ts';

export const overview: Texts<typeof english> = {
  nodesByState: '节点',
  working: '正在执行的任务',
  attention: '需要关注',
  allWell: '没有需要关注的事项',
  recent: '最近的事件',
};

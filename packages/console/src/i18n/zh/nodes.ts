import type { nodes as english } from '../en/nodes.ts';
import type { Texts } from '../texts.ts';

export const nodes: Texts<typeof english> = {
  ready: '就绪',
  notReady: '未就绪',
  unknownState: '未知',
  paused: '已隔离',
  os: '操作系统',
  kernel: '内核',
  address: '地址',
  agent: '代理',
  cpu: 'CPU 数',
  memory: '内存',
  empty: '还没有服务器',
  emptyBody: '在服务器上粘贴一行命令，几秒后就会出现在这里。',
  filterLabel: '按名称、标签、地址或系统筛选',
  list: '节点',
  runOn: '执行命令',
  machine: '机器',
  conditions: '状况',
  condition: '状况',
  since: '开始时间',
  why: '原因',
  message: '信息',
  gone: '没有节点 {{name}}',
  tabs: { details: '详情', events: '事件' },
};

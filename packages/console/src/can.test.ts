// What each action of the console asks leave for: a question that changes shows or hides actions for people.
import { expect, test } from 'vitest';
import { type Attributes, can, type PathAttributes } from './can.ts';

const questions: Readonly<Record<keyof typeof can, Attributes | PathAttributes>> = {
  seeNodes: can.seeNodes(),
  editNode: can.editNode('n1'),
  editNodes: can.editNodes(),
  deleteNode: can.deleteNode('n1'),
  deleteNodes: can.deleteNodes(),
  updateAgent: can.updateAgent('n 1'),
  openShell: can.openShell('n1'),
  approveNodes: can.approveNodes(),
  changeTokens: can.changeTokens(),
  makeTokens: can.makeTokens(),
  enrolBySsh: can.enrolBySsh('ops'),
  makeSecret: can.makeSecret('ops'),
  changeSshEnrollment: can.changeSshEnrollment('ops', 'e1'),
  trustHostKeys: can.trustHostKeys('ops', 'e1'),
  runCommands: can.runCommands('ops'),
  cancelRun: can.cancelRun('ops', 'r1'),
  decideWork: can.decideWork('filetransfers', 'ops', 't1'),
  moveFiles: can.moveFiles('ops'),
  seeAudit: can.seeAudit(),
  verifyAudit: can.verifyAudit(),
  backUp: can.backUp(),
  rotateKeys: can.rotateKeys(),
  takeSupportBundle: can.takeSupportBundle(),
  makeApiTokens: can.makeApiTokens(),
  setPassword: can.setPassword('ada'),
  removePassword: can.removePassword('ada'),
  makeLink: can.makeLink('ada'),
  seeCredentials: can.seeCredentials('ada'),
  revokeCredentials: can.revokeCredentials('ada'),
  resetSecondFactor: can.resetSecondFactor('ada'),
  makeAccountToken: can.makeAccountToken('ops', 'robot'),
  askAboutOthers: can.askAboutOthers(),
  any: can.any('get', { group: 'plant.example.com', plural: 'sensors' }, 'ops', 's1'),
};

/** verb resource/subresource.group namespace/name, or verb path. */
const lineOf = (question: Attributes | PathAttributes): string => {
  if ('path' in question) return `${question.verb} ${question.path}`;
  const { verb, group, resource, subresource, namespace, name } = question;
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  return `${verb} ${what} ${namespace ?? '*'}/${name ?? '*'}`;
};

test('every action asks for just what it needs', () => {
  const table = Object.entries(questions).map(([action, question]) => `${action}: ${lineOf(question)}`);
  expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    seeNodes: list nodes */*
    editNode: patch nodes */n1
    editNodes: patch nodes */*
    deleteNode: delete nodes */n1
    deleteNodes: delete nodes */*
    updateAgent: post /agents/n%201/update
    openShell: create nodes/shell */n1
    approveNodes: update certificatesigningrequests/approval.certificates.k8s.io */*
    changeTokens: patch enrollmenttokens.drover.dev */*
    makeTokens: create enrollmenttokens.drover.dev */*
    enrolBySsh: create sshenrollments.drover.dev ops/*
    makeSecret: create secrets ops/*
    changeSshEnrollment: patch sshenrollments.drover.dev ops/e1
    trustHostKeys: trust sshenrollments.drover.dev ops/e1
    runCommands: create commandruns.drover.dev ops/*
    cancelRun: patch commandruns.drover.dev ops/r1
    decideWork: patch filetransfers/approval.drover.dev ops/t1
    moveFiles: create filetransfers.drover.dev ops/*
    seeAudit: get /audit
    verifyAudit: get /audit/verify
    backUp: post /backups
    rotateKeys: post /encryption/rotate
    takeSupportBundle: post /support-bundle
    makeApiTokens: post /auth/tokens
    setPassword: update users/password.drover.dev */ada
    removePassword: delete users/password.drover.dev */ada
    makeLink: create users/link.drover.dev */ada
    seeCredentials: get users/sessions.drover.dev */ada
    revokeCredentials: delete users/sessions.drover.dev */ada
    resetSecondFactor: delete users/secondfactor.drover.dev */ada
    makeAccountToken: create serviceaccounts/token ops/robot
    askAboutOthers: create subjectaccessreviews.authorization.k8s.io */*
    any: get sensors.plant.example.com ops/s1
    "
  `);
});

test('what is asked of all objects names none', () => {
  expect(can.any('list', { group: '', plural: 'nodes' })).toEqual({
    verb: 'list',
    group: '',
    resource: 'nodes',
  });
});

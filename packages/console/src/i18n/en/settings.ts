/** The controller itself. */
export const settings = {
  tabs: { about: 'About', encryption: 'Encryption', certificates: 'Certificates', retention: 'Retention' },
  versions: 'Versions',
  controller: 'Controller',
  api: 'API, as Kubernetes',
  agents: 'Agents',
  agentVersion_one: '{{version}} on {{count}} node',
  agentVersion_other: '{{version}} on {{count}} nodes',
  address: 'Address',
  ca: 'Certificate authority',
  caAbout:
    'Every certificate here is signed by this authority. The sha256 of its certificate, which lines for joining carry:',
  fingerprint: 'sha256 of the CA certificate',
  caDownload: 'Download the CA certificate',
  bundle: {
    title: 'Support bundle',
    has: 'One archive for whoever looks for a fault: versions, options, counts of objects, names and conditions of nodes, recent events, sizes, measures, and the end of the log of the controller.',
    hasNot:
      'Not in it: Secrets, passwords, tokens, keys, what runs were given and what they printed, contents of files, terminals, rows of the audit trail. Names of servers and people, and addresses, are: look through it before you hand it on.',
    take: 'Download a support bundle',
    done: 'The support bundle was downloaded',
  },
  key: 'Key-encryption key',
  keyAbout:
    'Secrets and private keys are encrypted with data keys, and those with the key above. Without it nobody can read them: keep a copy of it elsewhere.',
  rotate: 'Change the keys',
  rotateHelp:
    'A new data key seals from now on, and everything sealed before is brought under it. The controller goes on serving.',
  rotating: 'The keys are being changed',
  source: 'The key-encryption key',
  sources: {
    same: 'stays as it is',
    keyFile: 'is in a file',
    passphraseFile: 'comes of a passphrase in a file',
  },
  path: 'Path of the file',
  pathHelp: 'Absolute, on the machine of the controller.',
  progress: 'Values brought under the new key',
  dataKeys: 'Data keys',
  number: 'No.',
  inUse: 'in use',
  leaving: 'on its way out',
  values: 'Values under it',
  requests: {
    about: 'Nodes and programs ask for certificates here. Those of nodes renew by themselves. To approve:',
    signer: 'Signer',
    by: 'Asked by',
    issued: 'Issued',
    denied: 'Denied',
    failed: 'Failed',
    waiting: 'Waiting',
    filter: 'Filter by name, signer or who asked',
    empty: 'No requests',
    emptyBody: 'Requests that were answered are removed after an hour.',
  },
  retention: {
    about:
      'How long things are kept is said where the controller is started; it cannot be changed from here.',
    audit:
      'Rows of the audit trail are kept for 400 days unless the controller was started with another time or number.',
    recordings: 'Recorded terminals are kept until somebody removes their files from the data directory.',
    oldest: 'Oldest',
    set: 'Options of the controller',
    count: 'Recordings',
    size: 'Together',
  },
};

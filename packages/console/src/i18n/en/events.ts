/** What the controller has noted. */
export const events = {
  list: 'Events',
  when: 'When',
  type: 'Type',
  object: 'Object',
  reason: 'Reason',
  message: 'Message',
  count: 'Times',
  empty: 'No events',
  emptyBody: 'What happens to nodes, runs and everything else is noted here as it happens.',
  filterLabel: 'Filter by object, reason or message',
};

/** The fleet at a glance. */
export const overview = {
  nodesByState: 'Nodes',
  working: 'Runs at work',
  attention: 'Needs attention',
  allWell: 'Nothing needs attention',
  recent: 'Recent events',
};

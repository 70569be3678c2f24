/** The command palette: jump to any page, action or object. */
export const search = {
  open: 'Search or jump to',
  title: 'Search or jump to',
  placeholder: 'A page, an action, or the name of an object',
  results: 'Results',
  hint: 'Arrow keys choose, Enter opens, Escape closes.',
  nothing: 'Nothing is called so.',
  looking: 'Looking through the objects ...',
  kinds: { page: 'Page', action: 'Action', kind: 'Kind' },
};

/** Label of what pages do on nodes to show or change something there; its value says what for. Lists can leave it out. */
export const consoleLabel = 'drover.dev/console';

import type { PageRoute } from '../../app/page-route.ts';

export const schedulesRoutes: readonly PageRoute[] = [
  { path: '/schedules', load: async () => (await import('./schedules.tsx')).Schedules },
  { path: '/schedules/new', load: async () => (await import('./new-schedule.tsx')).NewSchedule },
  {
    path: '/schedules/name/:namespace/:name/:tab?',
    load: async () => (await import('./schedule-page.tsx')).SchedulePage,
  },
  { path: '/saved-commands', load: async () => (await import('./saved-commands.tsx')).SavedCommands },
  {
    path: '/saved-commands/new',
    load: async () => (await import('./new-saved-command.tsx')).NewSavedCommand,
  },
  {
    path: '/saved-commands/name/:namespace/:name/:tab?',
    load: async () => (await import('./saved-command-page.tsx')).SavedCommandPage,
  },
];

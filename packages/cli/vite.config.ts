// How the command line is built: a file for what every command needs, and one for each command.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  ssr: {
    noExternal: true,
    external: ['ssh2'], // looks for a native part beside itself
  },
  build: {
    ssr: 'src/main.ts',
    outDir: 'dist',
    emptyOutDir: true,
    target: 'node24',
    rolldownOptions: { output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' } },
  },
});

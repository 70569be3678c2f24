// drover completion: scripts that let a shell complete drover's words.
import { usageFailure } from '../failure.ts';
import type { Define } from '../session.ts';

export const define: Define = (command, session) => {
  command
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      '\nbash and zsh: source <(drover completion bash)   fish: drover completion fish | source',
    )
    .action(async (shell: string) => {
      const { completionScripts } = await import('../output/completion-scripts.ts');
      const script = completionScripts[shell];
      if (script === undefined) throw usageFailure(`cannot complete for ${shell}: choose bash, zsh or fish`);
      const [{ buildProgram }, { toCommandOutline }] = await Promise.all([
        import('../program.ts'),
        import('../output/outline.ts'),
      ]);
      session.out.write(script(toCommandOutline(await buildProgram(session, 'all'))));
    });
};

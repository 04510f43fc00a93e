/** `zoo completion SHELL`: prints the script that a shell sources. */
import type { CommandSpec } from '../command.js';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export const completion: CommandSpec = {
  name: 'completion',
  description: 'Prints a script that completes commands, options and model names when you press Tab.',
  arguments: [{ syntax: '[shell]', description: SHELLS.join(', '), completion: SHELLS }],
  examples: [
    'source <(zoo completion bash)',
    'zoo completion zsh > ~/.zsh/completions/_zoo',
    'zoo completion fish > ~/.config/fish/completions/zoo.fish',
  ],
  async run([shell], _options, { terminal }) {
    const known = SHELLS.find((candidate) => candidate === shell);
    if (known === undefined) {
      const { ZooError } = await import('../../core/errors.js');
      throw new ZooError('USAGE', shell === undefined ? 'Which shell?' : `No completion for ${shell}`, {
        expected: SHELLS.join(', '),
        hint: 'source <(zoo completion bash)',
      });
    }
    if (known === 'bash') {
      const { BASH_COMPLETION } = await import('../bash-completion.js');
      terminal.print(BASH_COMPLETION);
      return 0;
    }
    const { script } = await import('@bomb.sh/tab');
    script(known, 'zoo', 'zoo');
    return 0;
  },
};

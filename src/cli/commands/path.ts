/** `zoo path`: the folder of an installed model, for scripts. */
import type { CommandSpec } from '../command.js';
import { flag, JSON_OPTION } from '../options.js';

export const path: CommandSpec = {
  name: 'path',
  description: "Prints the folder that holds an installed model's files, and notes that it is used.",
  arguments: [{ syntax: '<reference>', description: 'an installed model', completion: 'installed' }],
  options: [JSON_OPTION],
  examples: ['ls "$(zoo path mobilenet-v2)"'],
  async run([reference = ''], options, { terminal, env, cwd }) {
    const { openZoo } = await import('../../zoo/open-zoo.js');
    const zoo = await openZoo({ env, cwd });
    try {
      const folder = await zoo.path(reference);
      if (flag(options, 'json')) terminal.printJson({ path: folder });
      else terminal.print(folder);
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

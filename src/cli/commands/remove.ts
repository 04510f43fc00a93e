/** `zoo remove`: take installed models away. */
import type { CommandSpec } from '../command.js';
import { flag, JSON_OPTION } from '../options.js';

export const remove: CommandSpec = {
  name: 'remove',
  description: 'Removes installed models. Files that another model shares stay.',
  arguments: [{ syntax: '<references...>', description: 'installed models', completion: 'installed' }],
  options: [JSON_OPTION],
  async run(references, options, { terminal, env, cwd }) {
    const [{ openZoo }, { formatBytes }] = await Promise.all([
      import('../../zoo/open-zoo.js'),
      import('../../core/bytes.js'),
    ]);
    const zoo = await openZoo({ env, cwd });
    try {
      const removed = [];
      for (const reference of references) removed.push(await zoo.remove(reference));
      if (flag(options, 'json')) {
        terminal.printJson(removed);
        return 0;
      }
      for (const { id, freed } of removed) terminal.print(`removed ${id}, ${formatBytes(freed)} freed`);
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

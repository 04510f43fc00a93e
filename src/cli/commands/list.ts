/** `zoo list`: what is installed. */
import type { CommandSpec } from '../command.js';
import { flag, JSON_OPTION } from '../options.js';

export const list: CommandSpec = {
  name: 'list',
  description: 'Lists installed networks and data sets with their size and when they were last used.',
  options: [JSON_OPTION],
  async run(_arguments, options, { terminal, env, cwd }) {
    const [{ openZoo }, { renderTable }, { formatBytes }] = await Promise.all([
      import('../../zoo/open-zoo.js'),
      import('../table.js'),
      import('../../core/bytes.js'),
    ]);
    const zoo = await openZoo({ env, cwd });
    try {
      const models = await zoo.list();
      if (flag(options, 'json')) {
        terminal.printJson(models);
        return 0;
      }
      if (models.length === 0) {
        terminal.note(`Nothing is installed in ${zoo.home}. Try: zoo search, then zoo pull NAME`);
        return 0;
      }
      const columns = [
        { title: 'NAME', minimum: 20 },
        { title: 'VERSION' },
        { title: 'SIZE', align: 'right' as const },
        { title: 'LAST USED', minimum: 10 },
        { title: 'FOLDER', flexible: true },
      ];
      const rows = models.map((model) => [
        terminal.colours.bold(`${model.category}/${model.name}`),
        model.version,
        formatBytes(model.size),
        model.lastUse.slice(0, 16).replace('T', ' '),
        model.folder,
      ]);
      terminal.print(renderTable(columns, rows, terminal));
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

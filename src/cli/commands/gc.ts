/** `zoo gc`: free disk space. */
import type { CommandSpec } from '../command.js';
import { bytes, count, flag, JSON_OPTION } from '../options.js';

const DAY_MS = 24 * 3_600_000;

export const gc: CommandSpec = {
  name: 'gc',
  description:
    'Removes what nothing needs: files of removed models, unfinished downloads older than a week. With --max-size or ' +
    '--max-age models go too, the least recently used first. What a running process holds or the zoo.lock of this ' +
    'folder names always stays.',
  options: [
    { flags: '--max-size <size>', description: 'keep at most this much, such as 20GB' },
    { flags: '--max-age <days>', description: 'remove models unused for this many days' },
    { flags: '--dry-run', description: 'only say what would go' },
    JSON_OPTION,
  ],
  examples: ['zoo gc', 'zoo gc --max-size 20GB --dry-run'],
  async run(_arguments, options, { terminal, signal, env, cwd }) {
    const [{ openZoo }, { formatBytes }] = await Promise.all([
      import('../../zoo/open-zoo.js'),
      import('../../core/bytes.js'),
    ]);
    const days = count(options, 'maxAge');
    const zoo = await openZoo({ env, cwd });
    try {
      const maxSize = bytes(options, 'maxSize');
      const report = await zoo.gc({
        maxSize,
        maxAge: days === undefined ? undefined : days * DAY_MS,
        dryRun: flag(options, 'dryRun'),
        signal,
      });
      if (flag(options, 'json')) {
        terminal.printJson(report);
        return 0;
      }
      const verb = report.dryRun ? 'would remove' : 'removed';
      for (const model of report.models) {
        terminal.print(
          `${verb} ${model.category}/${model.name}@${model.version} (${formatBytes(model.size)})`,
        );
      }
      terminal.print(
        `${verb} ${report.blobs} files and ${report.partials} unfinished downloads: ` +
          `${formatBytes(report.freed)} ${report.dryRun ? 'would be' : ''} freed, ${formatBytes(report.kept)} kept`.replace(
            '  ',
            ' ',
          ),
      );
      if (maxSize !== undefined && report.kept > maxSize) {
        terminal.note('More than asked is kept: what zoo.lock names, or a running process holds, stays.');
      }
      for (const id of report.unreadable)
        terminal.note(`the record of ${id} is damaged: zoo verify --repair`);
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

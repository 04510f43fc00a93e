/** `zoo search`: find networks and data sets. */
import { MODALITIES } from '../../registry/card-names.js';
import type { CommandSpec } from '../command.js';
import { bytes, choice, count, flag, JSON_OPTION, text } from '../options.js';

const KINDS = ['model', 'dataset'] as const;

export const search: CommandSpec = {
  name: 'search',
  description:
    'Finds networks and data sets by words in their names, summaries, tasks, architectures and class labels. ' +
    'Beginnings of words and small typing errors are understood. Without words it lists everything.',
  arguments: [{ syntax: '[words...]', description: 'what to look for' }],
  options: [
    { flags: '--modality <modality>', description: 'what it takes in', completion: MODALITIES },
    { flags: '--kind <kind>', description: 'networks only, or data sets only', completion: KINDS },
    { flags: '--task <task>', description: 'such as image-classification' },
    { flags: '--license <spdx>', description: 'licence of the weights, such as MIT' },
    { flags: '--max-size <size>', description: 'at most this large, such as 50MB' },
    { flags: '--format <format>', description: 'such as tfjs-layers, pytorch, safetensors' },
    { flags: '--limit <n>', description: 'at most this many (default 25)' },
    JSON_OPTION,
  ],
  examples: ['zoo search mobilenet', 'zoo search --modality audio --max-size 5MB', 'zoo search espresso'],
  async run(words, options, { terminal, env, cwd }) {
    const [{ openZoo }, { renderTable }, { formatBytes }] = await Promise.all([
      import('../../zoo/open-zoo.js'),
      import('../table.js'),
      import('../../core/bytes.js'),
    ]);
    const zoo = await openZoo({ env, cwd });
    try {
      const hits = zoo.search(words.join(' '), {
        modality: choice(options, 'modality', MODALITIES),
        kind: choice(options, 'kind', KINDS),
        task: text(options, 'task'),
        license: text(options, 'license'),
        maxSize: bytes(options, 'maxSize'),
        format: text(options, 'format'),
        limit: count(options, 'limit') ?? 25,
      });
      if (flag(options, 'json')) {
        terminal.printJson(hits);
        return 0;
      }
      if (hits.length === 0) {
        terminal.note('Nothing found. Try fewer words or filters; "zoo search" alone lists everything.');
        return 0;
      }
      const { bold } = terminal.colours;
      const columns = [
        { title: 'NAME', minimum: 20 },
        { title: 'VERSION' },
        { title: 'INPUT' },
        { title: 'SIZE', align: 'right' as const },
        { title: 'LICENCE' },
        { title: 'SUMMARY', flexible: true },
      ];
      const rows = hits.map((hit) => [
        bold(hit.category === 'dataset' ? `dataset/${hit.name}` : hit.name),
        hit.version,
        hit.card.modality,
        formatBytes(hit.size),
        hit.card.license.weights,
        hit.card.summary,
      ]);
      terminal.print(renderTable(columns, rows, terminal));
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

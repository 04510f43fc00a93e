/** `zoo show`: what a card says and what pulling it would cost. */
import { formatBytes } from '../../core/bytes.js';
import type { Card } from '../../registry/card.js';
import type { CardInput } from '../../registry/card-input.js';
import type { CommandSpec } from '../command.js';
import { flag, JSON_OPTION } from '../options.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { wrapText } from '../wrap-text.js';

/** More files than these are summed up; `--json` has them all. */
const MAX_FILES = 12;
const MAX_LABELS = 6;
/** Columns of the names of facts. */
const NAME_WIDTH = 13;

export const show: CommandSpec = {
  name: 'show',
  description:
    'Shows a card: what the network takes in and puts out, how to prepare inputs, the licence of the weights and ' +
    'where it is stated, the files and where they are, and what pulling it would cost.',
  arguments: [
    { syntax: '<reference>', description: 'name, name@version or a card file', completion: 'models' },
  ],
  options: [JSON_OPTION],
  examples: ['zoo show mobilenet-v2', 'zoo show dataset/digits --json'],
  async run([reference = ''], options, { terminal, signal, env, cwd }) {
    const { openZoo } = await import('../../zoo/open-zoo.js');
    const zoo = await openZoo({ env, cwd });
    try {
      const view = await zoo.show(reference, signal);
      if (flag(options, 'json')) {
        terminal.printJson(view);
        return 0;
      }
      const { card } = view;
      const { bold, dim, yellow } = terminal.colours;
      terminal.print(bold(view.id));
      terminal.print(wrapText(card.summary, terminal.width));
      if (view.withdrawn)
        terminal.print(yellow(`Withdrawn on ${view.withdrawn.date}: ${view.withdrawn.reason}`));
      terminal.print('');
      const cost =
        view.newBytes === 0
          ? 'nothing: all files are in the cache'
          : `${formatBytes(view.newBytes)} to fetch, ${formatBytes(view.presentBytes)} in the cache`;
      const lines: [string, string][] = [
        ...facts(card),
        ['pulling', cost],
        ['installed', view.installed?.folder ?? 'no'],
        ['card sha256', view.digest],
      ];
      for (const [name, value] of lines) {
        terminal.print(`${dim(name.padEnd(NAME_WIDTH))} ${wrapText(value, terminal.width, NAME_WIDTH + 1)}`);
      }
      terminal.print('');
      printFiles(card, terminal);
      return 0;
    } finally {
      await zoo.close();
    }
  },
};

/** The card's facts as lines of name and value; what it does not say is left out. */
export function facts(card: Card): [string, string][] {
  const { license, output, features, training, input } = card;
  const lines: [string, string | undefined][] = [
    [
      'licence',
      `${license.weights} (${card.kind === 'dataset' ? 'data' : 'weights'}; ${license.statedIn}; checked ${license.checked})`,
    ],
    ['', license.code === undefined ? undefined : `${license.code} (code)`],
    ...(license.caveats ?? []).map((caveat): [string, string] => ['', `note: ${caveat}`]),
    ['task', card.task],
    ['architecture', card.architecture],
    ['format', [card.format.name, card.format.detail].filter(Boolean).join(': ')],
    ['parameters', card.parameters?.toLocaleString('en')],
    [
      'trained on',
      training &&
        [
          training.dataset,
          training.examples && `${training.examples.toLocaleString('en')} examples`,
          training.classes && `${training.classes} classes`,
        ]
          .filter(Boolean)
          .join(', '),
    ],
    ['paper', card.paper && [card.paper.title, card.paper.url].filter(Boolean).join(' ')],
    ['input', input && describeInput(input)],
    [
      'output',
      output &&
        [output.units && `${output.units} units`, output.activation, output.layer && `at ${output.layer}`]
          .filter(Boolean)
          .join(', '),
    ],
    ['labels', output?.labels && listed(output.labels)],
    [
      'features',
      features &&
        `${features.width} numbers at ${features.layer}${features.head ? `; drops ${features.head}` : ''}`,
    ],
    ['content', card.content],
    ['classes', card.classes && listed(card.classes)],
    ['split', card.split],
    ['base', card.base?.reference],
    ['notes', card.notes],
  ];
  return lines.filter((line): line is [string, string] => Boolean(line[1]));
}

function listed(names: readonly string[]): string {
  const rest = names.length - MAX_LABELS;
  return names.slice(0, MAX_LABELS).join(', ') + (rest > 0 ? ` … and ${rest} more` : '');
}

function shapeText(shape: readonly (number | null)[] | undefined): string | undefined {
  return shape && `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

function describeInput(input: CardInput): string {
  const parts: (string | undefined)[] = [shapeText(input.shape), input.dtype];
  if (input.modality === 'image') {
    parts.push(`${input.colourOrder} ${input.layout}`, `pixels to ${input.range[0]}…${input.range[1]}`);
    if (input.mean) parts.push(`minus ${input.mean.join('/')}`);
    if (input.std) parts.push(`over ${input.std.join('/')}`);
  } else if (input.modality === 'audio') {
    parts.push(`${input.sampleRate} Hz mono`, input.window && `window ${input.window.samples} samples`);
  } else {
    parts.push(
      input.tokenizer && `${input.tokenizer.kind} tokens`,
      input.maxLength ? `at most ${input.maxLength}` : undefined,
    );
  }
  return parts.filter(Boolean).join(', ');
}

function printFiles(card: Card, terminal: Terminal): void {
  const columns = [
    { title: 'SIZE', align: 'right' as const },
    { title: 'FILE', minimum: 30 },
    { title: 'FROM', flexible: true },
  ];
  const rows = card.files
    .slice(0, MAX_FILES)
    .map((file) => [formatBytes(file.size), file.path, file.sources[0] ?? '']);
  terminal.print(renderTable(columns, rows, terminal));
  const rest = card.files.slice(MAX_FILES);
  if (rest.length > 0) {
    const bytes = rest.reduce((sum, file) => sum + file.size, 0);
    terminal.print(`… and ${formatBytes(bytes)} in ${rest.length} more files (--json lists them)`);
  }
}

/** `zoo export`: one whole model in a format that others load. */
import type { ExportFormat, ExportOptions, ExportReport } from '../../export/export-model.js';
import type { AdaptingZoo } from '../../training/adapting-zoo.js';
import type { CommandSpec, OptionValues, RunContext } from '../command.js';
import { choice, flag, JSON_OPTION } from '../options.js';
import { outputFolder } from '../output-folder.js';
import { type OpenedZoo, withZoo, ZOO_OPTIONS } from '../with-zoo.js';

const FORMATS = [
  'tfjs-graph',
  'tfjs-layers',
  'saved-model',
  'safetensors',
] as const satisfies readonly ExportFormat[];
const QUANTISATIONS = ['original', 'float16', 'uint8', 'uint16'] as const satisfies readonly NonNullable<
  ExportOptions['quantisation']
>[];

export const exportCommand: CommandSpec = {
  name: 'export',
  description:
    'Writes one whole model, the weights that training changed and the new head included, in a format that others ' +
    'load: TensorFlow.js, TensorFlow, or the weights alone. Beside it lie its card and a README that says what to ' +
    'give it. The export is opened again and compared with the model.',
  arguments: [
    {
      syntax: '<model>',
      description: 'a network, or the folder of a network or of an adapted model',
      completion: 'models',
    },
  ],
  options: [
    { flags: '--format <name>', description: 'what to write', completion: FORMATS },
    { flags: '-o, --output <dir>', description: 'folder of the export', completion: 'files' },
    {
      flags: '--quantisation <type>',
      description:
        'of the weights, in the formats of TensorFlow.js: original, as the file of the network has them; or all in ' +
        'this type (default: float32)',
      completion: QUANTISATIONS,
    },
    { flags: '--force', description: 'replace an export that is there' },
    ...ZOO_OPTIONS,
    JSON_OPTION,
  ],
  examples: [
    'zoo export my-photos --format tfjs-graph -o my-photos-web',
    'zoo export resnet50 --format tfjs-layers --quantisation uint8 -o resnet50-small',
    'zoo export reviews --format saved-model -o serving/reviews/1',
  ],
  async run([reference = ''], options, context) {
    const { terminal, signal } = context;
    const chosen = await exportOptions(options);
    const directory = await targetFolder(options, context);
    return withZoo(options, context, async (opened) => {
      const json = flag(options, 'json');
      if (!json) terminal.note(`exporting ${reference} as ${chosen.format}`);
      const report = await exported(reference, directory, { ...chosen, signal }, opened, context);
      if (json) terminal.printJson({ folder: directory, ...report });
      else print(directory, report, context);
      return 0;
    });
  },
};

/** @throws ZooError `USAGE`. */
async function exportOptions(options: OptionValues): Promise<ExportOptions> {
  const format = choice(options, 'format', FORMATS);
  const quantisation = choice(options, 'quantisation', QUANTISATIONS);
  if (format !== undefined) return { format, quantisation, overwrite: flag(options, 'force') };
  const { ZooError } = await import('../../core/errors.js');
  throw new ZooError('USAGE', 'In which format?', {
    expected: FORMATS.join(', '),
    hint: 'Name one: --format tfjs-graph',
  });
}

/** Before any work. @throws ZooError `USAGE` without one, `FILE_SYSTEM` where it may not be written. */
async function targetFolder(options: OptionValues, { cwd }: RunContext): Promise<string> {
  const { checkExportTarget } = await import('../../export/export-target.js');
  const directory = outputFolder(options, cwd, 'export');
  await checkExportTarget(directory, flag(options, 'force'));
  return directory;
}

/** A folder that is written as one, or is one, before a network's name. */
async function exported(
  reference: string,
  directory: string,
  options: ExportOptions,
  { zoo, pulling, pulled }: OpenedZoo,
  { cwd }: RunContext,
): Promise<ExportReport> {
  const [{ resolve }, { folderCard, meansFolder }, { isAdaptedFolder, readAdapted }] = await Promise.all([
    import('node:path'),
    import('../folder-card.js'),
    import('../../transfer/adapted/read-adapted.js'),
  ]);
  const { exportModel } = await import('../../export/export-model.js');
  const path = resolve(cwd, reference);
  if (!(await meansFolder(path, reference))) {
    const installed = await installedNetwork(zoo, reference, pulling);
    pulled();
    return exportOpened(installed, directory, options);
  }
  if (!(await isAdaptedFolder(path)))
    return exportOpened({ folder: path, card: await folderCard(path) }, directory, options);
  const { card } = await readAdapted(path, options.signal);
  const model = await zoo.load(path, pulling);
  pulled();
  try {
    return await exportModel(model, card, directory, options);
  } finally {
    model.dispose();
  }
}

async function installedNetwork(zoo: AdaptingZoo, reference: string, pulling: OpenedZoo['pulling']) {
  const { pullNetwork } = await import('../../transfer/open-data.js');
  return pullNetwork(zoo, reference, pulling);
}

async function exportOpened(
  found: Omit<Parameters<typeof import('../../export/export-model.js').exportNetwork>[0], 'network'>,
  directory: string,
  options: ExportOptions,
): Promise<ExportReport> {
  const [{ exportNetwork }, { openNetwork }] = await Promise.all([
    import('../../export/export-model.js'),
    import('../../transfer/open-network.js'),
  ]);
  const network = await openNetwork(found.folder, found.card);
  try {
    return await exportNetwork({ ...found, network }, directory, options);
  } finally {
    network.dispose();
  }
}

function print(directory: string, report: ExportReport, { terminal }: RunContext): void {
  const { format, files, bytes, difference, card } = report;
  const { bold, dim } = terminal.colours;
  terminal.print(bold(directory));
  const rows: [string, string | undefined][] = [
    ['model', `${card.name}@${card.version}`],
    ['format', format],
    ['size', `${(bytes / 1e6).toFixed(1)} MB in ${files.length} files`],
    ['quantised', card.format.quantised],
    ['checked', difference === undefined ? undefined : checkText(difference)],
    ['licence', card.license.weights],
  ];
  for (const [name, value] of rows)
    if (value !== undefined) terminal.print(`${dim(name.padEnd(10))} ${value}`);
}

function checkText(difference: number): string {
  if (difference === 0) return 'gives the very numbers of the model';
  return `differs from the model by at most ${difference.toPrecision(2)}`;
}

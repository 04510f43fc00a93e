/** `zoo features`: what a network without its output layer makes of data. */
import { resolve } from 'node:path';
import type { SaveResult } from '../../training/features/extract-features.js';
import type { Pooling } from '../../transfer/pooling.js';
import type { CommandSpec } from '../command.js';
import { DATA_ARGUMENT, DATA_OPTIONS, dataOptions } from '../data-options.js';
import { choice, count, flag, JSON_OPTION, text } from '../options.js';
import type { Terminal } from '../terminal.js';
import { withZoo, ZOO_OPTIONS } from '../with-zoo.js';

const POOLING = ['average', 'max', 'frames', 'none'] as const satisfies readonly Pooling[];
const OUTPUT_OPTION = {
  flags: '-o, --output <file>',
  description: 'the .safetensors file; a .csv of names and labels goes beside it',
  completion: 'files',
} as const;
const FORCE_OPTION = { flags: '--force', description: 'replace files that are there' } as const;

const merge: CommandSpec = {
  name: 'merge',
  description:
    'Puts the parts that --shard has made together. The file is the same, byte for byte, as one that was made without ' +
    'parts.',
  arguments: [{ syntax: '<files...>', description: 'all parts, in any order', completion: 'files' }],
  options: [OUTPUT_OPTION, FORCE_OPTION, JSON_OPTION],
  examples: ['zoo features merge part-*.safetensors -o digits.safetensors'],
  async run(files, options, { terminal, signal, cwd }) {
    const [{ mergeFeatures }, { csvPath }] = await Promise.all([
      import('../../training/features/merge-features.js'),
      import('../../training/features/feature-file.js'),
    ]);
    const output = await outputPath(text(options, 'output'), flag(options, 'force'), cwd);
    const paths = files.map((file) => resolve(cwd, file));
    const result = await mergeFeatures(paths, output, signal);
    if (flag(options, 'json')) terminal.printJson({ file: output, csv: csvPath(output), ...result });
    else terminal.print(`${output}: ${result.rows} x ${result.width} from ${result.parts} parts`);
    return 0;
  },
};

export const features: CommandSpec = {
  name: 'features',
  description:
    'Runs data once through a network without its output layer and writes the features, with names and labels beside ' +
    'them. They are kept in the cache: the next run, and any training on the same data, takes them from there.',
  arguments: [{ syntax: '<reference>', description: 'a network', completion: 'models' }, DATA_ARGUMENT],
  options: [
    OUTPUT_OPTION,
    { flags: '--layer <layer>', description: 'cut there (default: as the card says)' },
    {
      flags: '--pooling <how>',
      description: 'of maps and sequences: all positions, only time or tokens (frames), or none',
      completion: POOLING,
    },
    { flags: '--batch-size <n>', description: 'examples that go through the network together (default: 32)' },
    {
      flags: '--shard <i/n>',
      description: 'only part i of n, for several machines; then: zoo features merge',
    },
    ...DATA_OPTIONS,
    FORCE_OPTION,
    ...ZOO_OPTIONS,
    JSON_OPTION,
  ],
  examples: [
    'zoo features mobilenet-v2 ./photos -o photos.safetensors',
    'zoo features minilm-l6-v2 reviews.csv -o reviews.safetensors',
    'zoo features resnet50 dataset/digits --shard 2/8 -o part-2.safetensors',
    'zoo features merge part-*.safetensors -o digits.safetensors',
  ],
  subcommands: [merge],
  async run([typed = '', source = ''], options, context) {
    const { terminal, signal, cwd } = context;
    const json = flag(options, 'json');
    const output = await outputPath(text(options, 'output'), flag(options, 'force'), cwd);
    const { parseShard } = await import('../../training/features/shard.js');
    const shardText = text(options, 'shard');
    const shard = shardText === undefined ? undefined : parseShard(shardText);
    const batchSize = count(options, 'batchSize');
    const pooling = choice(options, 'pooling', POOLING);
    const reading = dataOptions(options);
    const { networkReference } = await import('../folder-card.js');
    const reference = await networkReference(typed, cwd);
    return withZoo(options, context, async ({ zoo, pulling, pulled }) => {
      // Before anything is fetched: pictures are refused where a network hears.
      const { card: network, id } = await zoo.show(reference, signal);
      const dataset = await zoo.data(source, { ...pulling, ...reading, network });
      if (!json) for (const note of dataset.notes) terminal.note(note);
      const backbone = await zoo.backbone(reference, { ...pulling, cut: text(options, 'layer'), pooling });
      pulled();
      try {
        const [{ checkFit }, { saveFeatures }] = await Promise.all([
          import('../../transfer/check-fit.js'),
          import('../../training/features/extract-features.js'),
        ]);
        await checkFit(backbone, dataset, { signal });
        if (!json) {
          const { cut, width, dropped } = backbone;
          const freed = dropped === 0 ? '' : `; ${dropped} parameters behind it dropped`;
          terminal.note(`${id}: ${width} features at ${cut}${freed}`);
        }
        const view = json ? undefined : await exampleProgress(terminal);
        const result = await saveFeatures(backbone, dataset, output, {
          batchSize,
          shard,
          tolerate: reading.tolerate,
          signal,
          cache: zoo.featureCache,
          onProgress: view?.update.bind(view),
        }).finally(() => view?.end());
        const { cut, pooling: pooled, preparer } = backbone;
        const summary = { network: id, layer: cut, pooling: pooled, notes: preparer.notes };
        await printResult(output, result, summary, json, terminal);
        return 0;
      } finally {
        backbone.dispose();
      }
    });
  },
};

async function exampleProgress(terminal: Terminal) {
  const { openExampleProgress } = await import('../example-progress.js');
  return openExampleProgress(terminal, 'features');
}

interface Summary {
  readonly network: string;
  readonly layer: string;
  readonly pooling: string;
  readonly notes: readonly string[];
}

async function printResult(
  output: string,
  { rows, width, computed, unreadable }: SaveResult,
  summary: Summary,
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const { csvPath } = await import('../../training/features/feature-file.js');
  const csv = csvPath(output);
  if (json) {
    terminal.printJson({ file: output, csv, rows, width, computed, ...summary, unreadable });
    return;
  }
  for (const note of summary.notes) terminal.note(note);
  for (const { name, reason } of unreadable) terminal.note(`left out: ${name}: ${reason}`);
  const cached = rows - computed;
  terminal.print(`${output}: ${rows} x ${width}${cached > 0 ? `, ${cached} of them from the cache` : ''}`);
  terminal.print(`${csv}: names and labels`);
}

/** @throws ZooError `USAGE` without a path, or where one of the two files is there and may not be replaced. */
async function outputPath(file: string | undefined, force: boolean, cwd: string): Promise<string> {
  const [{ ZooError }, { csvPath }, { refuseExisting }] = await Promise.all([
    import('../../core/errors.js'),
    import('../../training/features/feature-file.js'),
    import('../write-new-file.js'),
  ]);
  if (file === undefined) {
    throw new ZooError('USAGE', 'Where to write the features?', { hint: 'Name a file: -o FILE.safetensors' });
  }
  const path = resolve(cwd, file);
  if (/\.csv$/i.test(path)) {
    throw new ZooError('USAGE', 'The features need a name of their own', {
      expected: 'FILE.safetensors; names and labels go to FILE.csv',
      found: file,
    });
  }
  await refuseExisting(path, force);
  await refuseExisting(csvPath(path), force);
  return path;
}

/** `zoo finetune`: a network with a new output layer, trained on local data. */
import type { FeatureChoice } from '../../training/choose/choose-features.js';
import type { Pooling } from '../../transfer/pooling.js';
import type { CommandSpec, OptionValues } from '../command.js';
import { DATA_ARGUMENT, DATA_OPTIONS, dataOptions } from '../data-options.js';
import { HEAD_OPTIONS, headFor, headsFor } from '../head-options.js';
import { choice, count, flag, JSON_OPTION, number, text } from '../options.js';
import { outputFolder } from '../output-folder.js';
import { TUNING_OPTIONS, tuningOptions } from '../tuning-options.js';
import { withZoo, ZOO_OPTIONS } from '../with-zoo.js';

const POOLING = ['average', 'max', 'frames', 'none'] as const satisfies readonly Pooling[];

export const finetune: CommandSpec = {
  name: 'finetune',
  description:
    'Drops the output layer of a network, puts a new one there and trains it on your data. Each example goes ' +
    'through the frozen network once; its features are kept, so that the next run takes seconds. The result is a ' +
    'folder of some kilobytes that names its base. With --train all the whole network is trained after that.',
  arguments: [{ syntax: '<reference>', description: 'a network', completion: 'models' }, DATA_ARGUMENT],
  options: [
    { flags: '-o, --output <dir>', description: 'folder of the adapted model', completion: 'files' },
    {
      flags: '--train <what>',
      description:
        'what learns: head, the new output layer (default); all; a layer: everything from there on; auto: whichever is better',
    },
    ...HEAD_OPTIONS,
    {
      flags: '--per-class <n>',
      description: 'learn from this many examples of each class, drawn by the seed',
    },
    {
      flags: '--validation <share>',
      description: 'keep this share of the examples back and measure on it, such as 0.2 (default: 0)',
    },
    {
      flags: '--copies <n>',
      description: 'learn from this many varied copies of each example too (default: 0)',
    },
    { flags: '--seed <n>', description: 'of everything that is random (default: 0)' },
    {
      flags: '--layer <layer>',
      description:
        'cut there; auto: try layers, pooling and sizes on your examples (default: as the card says)',
    },
    { flags: '--pooling <how>', description: 'of maps and sequences', completion: POOLING },
    { flags: '--image-size <pixels>', description: 'side of the pictures, where the network takes any' },
    ...TUNING_OPTIONS,
    { flags: '--force', description: 'replace an adapted model that is there' },
    ...DATA_OPTIONS,
    ...ZOO_OPTIONS,
    JSON_OPTION,
  ],
  examples: [
    'zoo finetune mobilenet-v2 ./photos -o my-photos',
    'zoo finetune mobilenet-v2 dataset/digits --per-class 5 --validation 0.2 -o digits',
    'zoo finetune mobilenet-v2 ./scans --layer auto -o scans',
    'zoo finetune mobilenet-v2 ./photos --train auto -o my-photos',
    'zoo finetune mobilenet-v2 ./photos --train all --epochs 30 --early-stopping 3 --augment -o my-photos',
    'zoo finetune minilm-l6-v2 reviews.csv --label-column stars -o reviews',
  ],
  async run([typed = '', source = ''], options, context) {
    const { terminal, signal, cwd } = context;
    const [
      { openFinetuneReport },
      { chooseExamples },
      { describeDataset },
      { requireClasses },
      { exampleDigests },
    ] = await Promise.all([
      import('../finetune-report.js'),
      import('../../data/choose-examples.js'),
      import('../../data/describe-dataset.js'),
      import('../../data/balance.js'),
      import('../../training/features/example-digests.js'),
    ]);
    const { networkReference } = await import('../folder-card.js');
    const reference = await networkReference(typed, cwd);
    const directory = await targetFolder(options, cwd);
    const training = await tuningOptions(options);
    const share = number(options, 'validation', 0, 1);
    const perClass = count(options, 'perClass');
    const named = await namedFeatures(options);
    const report = openFinetuneReport(terminal, flag(options, 'json'));
    return withZoo(options, context, async ({ zoo, pulling, pulled }) => {
      // Before anything is fetched: pictures are refused where a network hears.
      const { card: network } = await zoo.show(reference, signal);
      const whole = await zoo.data(source, { ...pulling, ...dataOptions(options), network });
      const digests = await exampleDigests(whole.examples, signal);
      report.data(whole, await describeDataset(whole, digests));
      const { train, validation } = chooseExamples(whole, {
        validation: share,
        perClass,
        seed: training.seed,
        digests,
      });
      if (whole.labels.length > 0) requireClasses(train);
      const found =
        named === undefined
          ? await zoo.chooseFeatures(reference, await headsFor(train, options), train, {
              ...pulling,
              seed: training.seed,
              onProgress: report.choosing,
            })
          : undefined;
      if (found !== undefined) report.chosen(found);
      const { choice: chosen, head } = found ?? { choice: named, head: await headFor(train, options) };
      const backbone = await zoo.backbone(reference, {
        ...(found === undefined ? pulling : { signal }),
        ...chosen,
      });
      pulled();
      const model = backbone.withHead(head);
      try {
        report.begun(model, train);
        const listening = { signal, onFeatures: report.features };
        const { fineTune } = training;
        const checkpoints = { folder: zoo.checkpoints, restart: flag(options, 'restart') };
        const trained = await model.fit(train, {
          ...training,
          ...listening,
          onChoosing: report.comparing,
          ...(fineTune === undefined ? {} : { fineTune: { ...fineTune, ...report.tuning, checkpoints } }),
        });
        report.trained(trained);
        const evaluation = validation === undefined ? undefined : await model.evaluate(validation, listening);
        const overwrite = flag(options, 'force');
        const card = await model.save(directory, { overwrite, evaluation: evaluation?.report, signal });
        report.saved(directory, card, evaluation);
        return 0;
      } finally {
        model.dispose();
      }
    }).finally(() => report.end());
  },
};

/** Undefined where they are to be chosen by trying. @throws ZooError `USAGE`. */
async function namedFeatures(options: OptionValues): Promise<FeatureChoice | undefined> {
  const cut = text(options, 'layer');
  const pooling = choice(options, 'pooling', POOLING);
  const size = count(options, 'imageSize');
  if (cut !== 'auto') {
    return {
      cut,
      pooling,
      prepare: size === undefined ? undefined : { size: { height: size, width: size } },
    };
  }
  if (pooling === undefined && size === undefined) return undefined;
  const { ZooError } = await import('../../core/errors.js');
  throw new ZooError('USAGE', '--layer auto chooses pooling and size itself', {
    found: pooling === undefined ? `--image-size ${size}` : `--pooling ${pooling}`,
  });
}

/** Before any work. @throws ZooError `USAGE` without one, `FILE_SYSTEM` where it may not be written. */
async function targetFolder(options: OptionValues, cwd: string): Promise<string> {
  const { checkAdaptedTarget } = await import('../../transfer/adapted/save-adapted.js');
  const directory = outputFolder(options, cwd, 'adapted model');
  await checkAdaptedTarget(directory, { overwrite: flag(options, 'force') });
  return directory;
}

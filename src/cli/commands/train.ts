/** `zoo train`: a new network, trained from scratch. */
import type { OptimizerName } from '../../training/loop/optimizer.js';
import type { Schedule } from '../../training/loop/schedule.js';
import type { TrainNetworkOptions } from '../../training/scratch/train-network.js';
import type { CommandSpec, OptionValues } from '../command.js';
import { DATA_ARGUMENT, DATA_OPTIONS, dataOptions } from '../data-options.js';
import { choice, count, flag, JSON_OPTION, number, text } from '../options.js';
import { outputFolder } from '../output-folder.js';
import { withZoo, ZOO_OPTIONS } from '../with-zoo.js';

/** Written out: the architectures are loaded when one is trained. */
const NAMES = ['convnet', 'resnet8', 'mobilenet-v2-035'] as const;
const OPTIMIZERS = ['adam', 'adamw', 'sgd'] as const satisfies readonly OptimizerName[];
/** Written out: the module of the schedules is loaded when something is trained. */
const SCHEDULES = ['cosine', 'constant', 'one-cycle'] as const satisfies readonly Schedule[];

export const train: CommandSpec = {
  name: 'train',
  description:
    'Makes a network with random weights and trains all of it on your pictures. The result is a folder with a whole ' +
    'network, which plain TensorFlow.js loads and which zoo predict, evaluate, inspect and finetune take in place of a ' +
    'name. With few examples a pretrained network learns more: zoo finetune.',
  arguments: [
    {
      syntax: '<architecture>',
      description:
        'convnet: two convolutions, two dense layers; resnet8: three residual blocks; mobilenet-v2-035: MobileNetV2 with ' +
        '0.35 times its channels, from 32 pixels on',
      completion: NAMES,
    },
    DATA_ARGUMENT,
  ],
  options: [
    { flags: '-o, --output <dir>', description: 'folder of the network', completion: 'files' },
    {
      flags: '--image-size <pixels>',
      description:
        'side of the pictures (default: as they are, at most 64 and at least what the network takes)',
    },
    {
      flags: '--channels <n>',
      description: '1 for grey, 3 for colour (default: as they are)',
      completion: ['1', '3'],
    },
    {
      flags: '--per-class <n>',
      description: 'learn from this many examples of each class, drawn by the seed',
    },
    {
      flags: '--validation <share>',
      description: 'keep this share of the examples back and measure on it, such as 0.2 (default: 0)',
    },
    { flags: '--epochs <n>', description: 'times that each example is learnt from (default: 12)' },
    {
      flags: '--batch-size <n>',
      description: 'examples in a step (default: 32, and 128 from 10,000 examples on)',
    },
    { flags: '--optimizer <name>', description: 'adam (default), adamw or sgd', completion: OPTIMIZERS },
    { flags: '--learning-rate <x>', description: 'highest of the run (default: 0.001, and 0.01 for sgd)' },
    {
      flags: '--schedule <name>',
      description: 'how the learning rate changes (default: cosine)',
      completion: SCHEDULES,
    },
    { flags: '--weight-decay <x>', description: 'of adamw (default: 0.004)' },
    { flags: '--augment', description: 'vary each picture by chance, anew in every epoch' },
    { flags: '--restart', description: 'do not go on from where a run that was interrupted had come' },
    { flags: '--seed <n>', description: 'of everything that is random (default: 0)' },
    {
      flags: '--license <spdx>',
      description: 'of the weights, written into the card (default: NONE, nobody else may use them)',
    },
    { flags: '--force', description: 'replace a network that zoo train has written' },
    ...DATA_OPTIONS,
    ...ZOO_OPTIONS,
    JSON_OPTION,
  ],
  examples: [
    'zoo train convnet dataset/mnist --labels 0,1,2,3,4 --validation 0.1 -o digits-0-4',
    'zoo finetune ./digits-0-4 dataset/mnist --labels 5,6,7,8,9 --per-class 10 --train all -o digits-5-9',
    'zoo train resnet8 ./photos --image-size 48 --validation 0.2 --license CC0-1.0 -o my-network',
  ],
  async run([architecture = '', source = ''], options, context) {
    const { terminal, signal, cwd } = context;
    const [
      { architectureCalled },
      { chooseExamples },
      { describeDataset },
      { requireClasses },
      { exampleDigests },
      { openTrainReport },
    ] = await Promise.all([
      import('../../architectures/untrained/architectures.js'),
      import('../../data/choose-examples.js'),
      import('../../data/describe-dataset.js'),
      import('../../data/balance.js'),
      import('../../training/features/example-digests.js'),
      import('../train-report.js'),
    ]);
    architectureCalled(architecture);
    const { directory, license } = await target(options, cwd);
    const settings = settingsOf(options);
    const share = number(options, 'validation', 0, 1);
    const perClass = count(options, 'perClass');
    const json = flag(options, 'json');
    const report = openTrainReport(terminal, json);
    return withZoo(options, context, async ({ zoo, pulling, pulled }) => {
      // Other data are refused before they are fetched.
      const reading = { ...pulling, ...dataOptions(options), network: { modality: 'image' } } as const;
      const whole = await zoo.data(source, reading);
      pulled();
      const digests = await exampleDigests(whole.examples, signal);
      if (!json) {
        const sentences = await describeDataset(whole, digests);
        for (const sentence of [...whole.notes, ...sentences]) terminal.note(sentence);
      }
      const { seed } = settings;
      const chosen = chooseExamples(whole, { validation: share, perClass, seed, digests });
      requireClasses(chosen.train);
      const network = await zoo.train(architecture, chosen.train, {
        ...settings,
        checkpoints: { folder: zoo.checkpoints, restart: flag(options, 'restart') },
        signal,
        onProgress: report.training,
      });
      try {
        report.trained(network);
        const evaluation =
          chosen.validation === undefined
            ? undefined
            : (await network.evaluate(chosen.validation, { signal })).report;
        const overwrite = flag(options, 'force');
        const card = await network.save(directory, { overwrite, license, evaluation, signal });
        report.saved({ folder: directory, card, network, evaluation });
        return 0;
      } finally {
        network.dispose();
      }
    }).finally(() => report.end());
  },
};

/** Before any work. @throws ZooError `USAGE` without a folder and for a bad licence; as `checkNetworkTarget`. */
async function target(
  options: OptionValues,
  cwd: string,
): Promise<{ readonly directory: string; readonly license: string | undefined }> {
  const { checkLicense, checkNetworkTarget } = await import('../../training/scratch/save-network.js');
  const directory = outputFolder(options, cwd, 'network');
  const license = text(options, 'license');
  if (license !== undefined) checkLicense(license);
  await checkNetworkTarget(directory, { overwrite: flag(options, 'force') });
  return { directory, license };
}

function settingsOf(options: OptionValues): TrainNetworkOptions & { readonly seed: number } {
  return {
    size: count(options, 'imageSize'),
    channels: count(options, 'channels'),
    optimizer: choice(options, 'optimizer', OPTIMIZERS),
    epochs: count(options, 'epochs'),
    batchSize: count(options, 'batchSize'),
    learningRate: number(options, 'learningRate', 0, 1e3),
    schedule: choice(options, 'schedule', SCHEDULES),
    weightDecay: number(options, 'weightDecay', 0, 1),
    augment: flag(options, 'augment') ? {} : undefined,
    seed: count(options, 'seed', 0) ?? 0,
  };
}

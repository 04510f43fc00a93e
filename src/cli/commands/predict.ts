/** `zoo predict`: what a network, or an adapted model, says about files or texts. */

import type { Prediction } from '../../training/predict/predict.js';
import type { CommandSpec } from '../command.js';
import { count, flag } from '../options.js';
import type { Terminal } from '../terminal.js';
import { withZoo, ZOO_OPTIONS } from '../with-zoo.js';

export const predict: CommandSpec = {
  name: 'predict',
  description:
    'Asks an adapted model, or a network with its own classes, about files, folders of files or texts. Without inputs, ' +
    'or with -, standard input is read: a text on each line, or the bytes of one picture or recording.',
  arguments: [
    { syntax: '<model>', description: 'the folder of an adapted model, or a network', completion: 'models' },
    {
      syntax: '[inputs...]',
      description: 'files, folders or texts; - is standard input',
      completion: 'files',
    },
  ],
  options: [
    { flags: '--top <k>', description: 'how many labels to say (default: 5)' },
    { flags: '--batch-size <n>', description: 'examples that go through the network together (default: 32)' },
    ...ZOO_OPTIONS,
    { flags: '--json', description: 'print one JSON object a line' },
  ],
  examples: [
    'zoo predict mobilenet-v2 photo.jpg',
    'zoo predict digits ./scans --top 1 --json',
    'zoo predict reviews "The service was slow."',
  ],
  async run([reference = '', ...inputs], options, context) {
    const { terminal, signal, cwd } = context;
    const [{ openModel }, { inputsOf }, { predict: answer }] = await Promise.all([
      import('../open-model.js'),
      import('../standard-input.js'),
      import('../../training/predict/predict.js'),
    ]);
    const json = flag(options, 'json');
    const asked = { top: count(options, 'top'), batchSize: count(options, 'batchSize'), signal };
    return withZoo(options, context, async ({ zoo, pulling, pulled }) => {
      const scorer = await openModel(zoo, reference, pulling.onEvent, context);
      pulled();
      const read = await inputsOf(inputs, { modality: scorer.preparer.modality, cwd, signal });
      let failed = 0;
      try {
        for await (const prediction of answer(scorer, read.dataset, asked)) {
          if (prediction.error !== undefined) failed += 1;
          if (json) process.stdout.write(`${JSON.stringify(prediction)}\n`);
          else print(prediction, terminal);
        }
      } finally {
        scorer.dispose();
        await read.end();
      }
      if (!json) for (const note of scorer.preparer.notes) terminal.note(note);
      return failed > 0 ? 1 : 0;
    });
  },
};

function print({ name, top, values, error }: Prediction, { print: line, note, colours }: Terminal): void {
  if (error !== undefined) {
    note(`${name}: ${error}`);
    return;
  }
  line(colours.bold(name));
  if (values !== undefined) line(`  ${values.map((value) => Number(value.toPrecision(5))).join('  ')}`);
  for (const { label, probability } of top)
    line(`  ${`${(100 * probability).toFixed(1)} %`.padStart(7)}  ${label}`);
}

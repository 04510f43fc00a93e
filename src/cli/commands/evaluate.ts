/** `zoo evaluate`: how good an adapted model, or a network with classes of its own, is on labelled data. */

import type { CommandSpec } from '../command.js';
import { DATA_ARGUMENT, DATA_OPTIONS, dataOptions } from '../data-options.js';
import { count, flag, JSON_OPTION } from '../options.js';
import { withZoo, ZOO_OPTIONS } from '../with-zoo.js';

export const evaluate: CommandSpec = {
  name: 'evaluate',
  description:
    'Asks an adapted model, or a network with its own classes, about labelled data and compares: accuracy, precision, ' +
    'recall and F1 of each class, the confusion matrix, how well its probabilities can be trusted, and the mistakes it ' +
    'was surest of. Take data that it has not learnt from.',
  arguments: [
    { syntax: '<model>', description: 'the folder of an adapted model, or a network', completion: 'models' },
    DATA_ARGUMENT,
  ],
  options: [
    { flags: '--mistakes <n>', description: 'how many mistakes to list (default: 20)' },
    ...DATA_OPTIONS,
    ...ZOO_OPTIONS,
    JSON_OPTION,
  ],
  examples: [
    'zoo evaluate digits ./more-digits',
    'zoo evaluate reviews held-back.csv --json',
    'zoo evaluate digits-0-4 dataset/mnist --labels 0,1,2,3,4',
  ],
  async run([reference = '', source = ''], options, context) {
    const { terminal, signal } = context;
    const [{ openModel }, { openExampleProgress }, { printReport }] = await Promise.all([
      import('../open-model.js'),
      import('../example-progress.js'),
      import('../evaluation-tables.js'),
    ]);
    const json = flag(options, 'json');
    const mistakes = count(options, 'mistakes', 0);
    return withZoo(options, context, async ({ zoo, pulling, pulled }) => {
      const dataset = await zoo.data(source, { ...pulling, ...dataOptions(options) });
      const { evaluateNetwork } = await import('../../training/evaluate/evaluate-network.js');
      const model = await openModel(zoo, reference, pulling.onEvent, context);
      pulled();
      try {
        const view = json ? undefined : openExampleProgress(terminal, 'features');
        const onFeatures = view?.update.bind(view);
        const evaluating =
          'classifier' in model
            ? evaluateNetwork(model.classifier, dataset, { mistakes, signal, onProgress: onFeatures })
            : model.evaluate(dataset, { mistakes, signal, onFeatures });
        const { report, unreadable, notes } = await evaluating.finally(() => view?.end());
        if (json) {
          terminal.printJson({ model: reference, data: dataset.origin, ...report, unreadable });
          return 0;
        }
        for (const note of [...dataset.notes, ...notes]) terminal.note(note);
        for (const { name, reason } of unreadable) terminal.note(`left out: ${name}: ${reason}`);
        printReport(report, terminal);
        return 0;
      } finally {
        model.dispose();
      }
    });
  },
};

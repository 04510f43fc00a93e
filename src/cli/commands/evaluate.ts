/** `zoo evaluate`: how good an adapted model is on labelled data. */

import type { CommandSpec } from '../command.js';
import { DATA_ARGUMENT, DATA_OPTIONS, dataOptions } from '../data-options.js';
import { needRuntime, THREADS_OPTION, YES_OPTION } from '../need-runtime.js';
import { count, flag, JSON_OPTION, OFFLINE_OPTION } from '../options.js';

export const evaluate: CommandSpec = {
  name: 'evaluate',
  description:
    'Asks an adapted model about labelled data and compares: accuracy, precision, recall and F1 of each class, the ' +
    'confusion matrix, how well its probabilities can be trusted, and the mistakes it was surest of. Take data that it ' +
    'has not learnt from.',
  arguments: [
    { syntax: '<dir>', description: 'the folder of an adapted model', completion: 'files' },
    DATA_ARGUMENT,
  ],
  options: [
    { flags: '--mistakes <n>', description: 'how many mistakes to list (default: 20)' },
    ...DATA_OPTIONS,
    THREADS_OPTION,
    YES_OPTION,
    OFFLINE_OPTION,
    JSON_OPTION,
  ],
  examples: ['zoo evaluate digits ./more-digits', 'zoo evaluate reviews held-back.csv --json'],
  async run([folder = '', source = ''], options, context) {
    const { terminal, signal, env, cwd } = context;
    const [{ openZoo }, { openProgress }, { openExampleProgress }, { printReport }] = await Promise.all([
      import('../../training/adapting-zoo.js'),
      import('../progress.js'),
      import('../example-progress.js'),
      import('../evaluation-tables.js'),
    ]);
    const json = flag(options, 'json');
    const mistakes = count(options, 'mistakes', 0);
    const threads = count(options, 'threads');
    const offline = flag(options, 'offline');
    const zoo = await openZoo({ env, cwd, ...(offline ? { offline } : {}) });
    const progress = json ? undefined : openProgress(terminal);
    try {
      await needRuntime({ home: zoo.home, offline, yes: flag(options, 'yes'), threads }, context);
      const pulling = { signal, onEvent: progress?.update.bind(progress) };
      const dataset = await zoo.data(source, { ...pulling, ...dataOptions(options) });
      const model = await zoo.load(folder, pulling);
      progress?.end();
      try {
        const view = json ? undefined : openExampleProgress(terminal, 'features');
        const onFeatures = view?.update.bind(view);
        const { report, unreadable, notes } = await model
          .evaluate(dataset, { mistakes, signal, onFeatures })
          .finally(() => view?.end());
        if (json) {
          terminal.printJson({ model: folder, data: dataset.origin, ...report, unreadable });
          return 0;
        }
        for (const note of [...dataset.notes, ...notes]) terminal.note(note);
        for (const { name, reason } of unreadable) terminal.note(`left out: ${name}: ${reason}`);
        printReport(report, terminal);
        return 0;
      } finally {
        model.dispose();
      }
    } finally {
      progress?.end();
      await zoo.close();
    }
  },
};

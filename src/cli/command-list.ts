/** Every command with its line in the help. A command's own module is loaded when it is called. */
import type { CommandSpec } from './command.js';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<CommandSpec>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'search',
    summary: 'find networks and data sets by words, input, task, licence or size',
    load: async () => (await import('./commands/search.js')).search,
  },
  {
    name: 'show',
    summary: 'what a card says: input, output, licence, files, cost of pulling it',
    load: async () => (await import('./commands/show.js')).show,
  },
  {
    name: 'pull',
    summary: 'fetch, verify and install',
    load: async () => (await import('./commands/pull.js')).pull,
  },
  {
    name: 'list',
    summary: 'what is installed',
    load: async () => (await import('./commands/list.js')).list,
  },
  {
    name: 'path',
    summary: "print an installed model's folder",
    load: async () => (await import('./commands/path.js')).path,
  },
  {
    name: 'inspect',
    summary: 'layers of a network, their shapes and parameters, and where it can be cut',
    load: async () => (await import('./commands/inspect.js')).inspect,
  },
  {
    name: 'verify',
    summary: 'hash what is installed again, and repair what is damaged',
    load: async () => (await import('./commands/verify.js')).verify,
  },
  {
    name: 'remove',
    summary: 'take an installed model away',
    load: async () => (await import('./commands/remove.js')).remove,
  },
  {
    name: 'gc',
    summary: 'free disk space',
    load: async () => (await import('./commands/gc.js')).gc,
  },
  {
    name: 'index',
    summary: 'make cards, check them and build the index',
    load: async () => (await import('./commands/index.js')).index,
  },
  {
    name: 'finetune',
    summary: 'a network with a new output layer, trained on your data',
    load: async () => (await import('./commands/finetune.js')).finetune,
  },
  {
    name: 'train',
    summary: 'a new network, trained from scratch on your data',
    load: async () => (await import('./commands/train.js')).train,
  },
  {
    name: 'evaluate',
    summary: 'how good an adapted model or a network is, class by class',
    load: async () => (await import('./commands/evaluate.js')).evaluate,
  },
  {
    name: 'predict',
    summary: 'what a network or an adapted model says about files or texts',
    load: async () => (await import('./commands/predict.js')).predict,
  },
  {
    name: 'features',
    summary: 'what a network without its output layer makes of your data',
    load: async () => (await import('./commands/features.js')).features,
  },
  {
    name: 'export',
    summary: 'one whole model in a format that others load',
    load: async () => (await import('./commands/export.js')).exportCommand,
  },
  {
    name: 'runtime',
    summary: 'install native TensorFlow, see what is installed, remove it',
    load: async () => (await import('./commands/runtime.js')).runtime,
  },
  {
    name: 'doctor',
    summary: 'what works on this machine, and how to mend what does not',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  {
    name: 'completion',
    summary: 'shell completion for bash, zsh, fish or powershell',
    load: async () => (await import('./commands/completion.js')).completion,
  },
];

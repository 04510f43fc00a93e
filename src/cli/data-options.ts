/** Options of commands that read local data, and how a table of the person's own is laid out. */
import type { OpenDatasetOptions } from '../data/open-options.js';
import type { OptionSpec, OptionValues } from './command.js';
import { number, text } from './options.js';

export const DATA_ARGUMENT = {
  syntax: '<data>',
  description: 'a folder with a subfolder for each class, a table, or a data set such as dataset/digits',
  completion: 'files',
} as const;

export const DATA_OPTIONS: readonly OptionSpec[] = [
  { flags: '--label-column <name>', description: 'column of a table that holds the class' },
  { flags: '--text-column <name>', description: 'column of a table that holds the text' },
  { flags: '--path-column <name>', description: 'column of a table that names files, relative to the table' },
  { flags: '--target-column <name>', description: 'column of a table that holds a number to predict' },
  { flags: '--label-separator <text>', description: 'between several labels in one cell of a table' },
  {
    flags: '--tolerate <share>',
    description: 'go on although up to this share of the files, such as 0.05, can not be read',
  },
];

export function dataOptions(options: OptionValues): Omit<OpenDatasetOptions, 'signal'> {
  return {
    labelColumn: text(options, 'labelColumn'),
    textColumn: text(options, 'textColumn'),
    pathColumn: text(options, 'pathColumn'),
    targetColumn: text(options, 'targetColumn'),
    labelSeparator: text(options, 'labelSeparator'),
    tolerate: number(options, 'tolerate', 0, 1),
  };
}

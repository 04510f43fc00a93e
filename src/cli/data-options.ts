/** Options of commands that read local data, and how a table of the person's own is laid out. */
import type { OpenDataOptions } from '../transfer/open-data.js';
import type { OptionSpec, OptionValues } from './command.js';
import { number, text } from './options.js';

export const DATA_ARGUMENT = {
  syntax: '<data>',
  description: 'a folder with a subfolder for each class, a table, or a data set such as dataset/digits',
  completion: 'files',
} as const;

export const DATA_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--labels <list>',
    description: 'only the examples of these classes, with commas between them, such as 0,1,2',
  },
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

type DataOptions = Omit<OpenDataOptions, 'cwd' | 'network' | 'onEvent' | 'signal'>;

/** @throws ZooError `USAGE` for a number out of range. */
export function dataOptions(options: OptionValues): DataOptions {
  return {
    labels: text(options, 'labels')
      ?.split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
    labelColumn: text(options, 'labelColumn'),
    textColumn: text(options, 'textColumn'),
    pathColumn: text(options, 'pathColumn'),
    targetColumn: text(options, 'targetColumn'),
    labelSeparator: text(options, 'labelSeparator'),
    tolerate: number(options, 'tolerate', 0, 1),
  };
}

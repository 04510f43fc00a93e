/** banking77: two tables of questions and their intents, one to train on and one to test with. */
import { join } from 'node:path';
import { ZooError } from '../../core/errors.js';
import type { Example } from '../dataset.js';
import { readTable, type TableRow } from '../read-table.js';
import { textExample } from './text-example.js';

const PARTS = ['train', 'test'] as const;

/** Names are `train.csv:12`, with the line that the question begins on. */
export async function readBanking77(folder: string, signal: AbortSignal | undefined): Promise<Example[]> {
  const examples: Example[] = [];
  for (const part of PARTS) {
    const file = `${part}.csv`;
    for await (const row of readTable(join(folder, file), { delimiter: ',', signal })) {
      const name = `${file}:${row.line}`;
      const [text, label] = [cell(row, name, 'text'), cell(row, name, 'category')];
      examples.push(textExample({ name, text, labels: [label], part }));
    }
  }
  return examples;
}

function cell({ cells }: TableRow, name: string, column: string): string {
  const value = cells[column];
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new ZooError('DATA', `${name} has nothing in the column ${column}`, {
    expected: 'the columns text and category',
    found: Object.keys(cells).join(', '),
  });
}

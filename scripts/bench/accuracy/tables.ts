/** Results as Markdown. */
import type { Score, TrialResult } from './trial.js';

/** Mean and standard deviation over the seeds, in per cent. */
export function resultTable({ title, perClass, rows }: TrialResult): string {
  const lines = rows.map(({ name, scores }) =>
    line([name, ...scores.map((of) => shares(of.map(({ accuracy }) => accuracy)))]),
  );
  return [`### ${title}`, '', ...head('learnt from', perClass), ...lines, '', ''].join('\n');
}

/** What unit length gives more than standardising, draw by draw. */
export function scalingTable(results: readonly TrialResult[]): string {
  const lines = results.flatMap(({ title, perClass, rows }) =>
    rows.flatMap((row) => {
      const [of, kind] = row.name.split('; ');
      const other = rows.find(({ name }) => name === `${of}; linear, standardised`);
      if (other === undefined || kind?.startsWith('linear, unit length') !== true) return [];
      const grid = kind.slice('linear, unit length, '.length);
      return perClass.map((count, at) => {
        const ours = row.scores[at] ?? [];
        const theirs = other.scores[at] ?? [];
        const gains = ours.map(({ accuracy }, seed) => accuracy - (theirs[seed]?.accuracy ?? 0));
        const better = gains.filter((gain) => gain > 0).length;
        return line([
          title,
          `${of}${grid === '' ? '' : `; ${grid}`}`,
          `${count}`,
          shares(gains),
          `${better} of ${gains.length}`,
        ]);
      });
    }),
  );
  const columns =
    '| data | features | a class | gain, points | better in |\n| --- | --- | ---: | ---: | ---: |';
  return ['### Unit length against standardising', '', columns, ...lines, '', ''].join('\n');
}

/** How often each value was chosen. */
export function choicesTable(results: readonly TrialResult[]): string {
  const lines = results.flatMap(({ title, perClass, rows }) =>
    rows.flatMap(({ name, scores }) =>
      perClass.flatMap((count, at) => {
        const said = choices(scores[at] ?? []);
        return said === '' ? [] : [line([title, name, `${count}`, said])];
      }),
    ),
  );
  return [
    '### What was chosen',
    '',
    '| data | learnt from | a class | chosen |\n| --- | --- | ---: | --- |',
    ...lines,
    '',
    '',
  ].join('\n');
}

function choices(scores: readonly Score[]): string {
  const counts = new Map<string, number>();
  for (const { chosen } of scores) {
    if (chosen !== undefined) counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  }
  return [...counts].map(([chosen, count]) => `${count} x ${chosen}`).join('; ');
}

function head(first: string, perClass: readonly number[]): string[] {
  return [
    line([first, ...perClass.map((count) => `${count} a class`)]),
    line(['---', ...perClass.map(() => '---:')]),
  ];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function shares(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, values.length - 1));
  return `${(100 * mean).toFixed(1).replace(/^-0\.0$/, '0.0')} ± ${(100 * deviation).toFixed(1)}`;
}

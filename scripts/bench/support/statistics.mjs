/** The middle value; of an even count the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table. Columns whose name begins with `>` are set to the right. */
export function markdownTable(columns, rows) {
  const names = columns.map((name) => name.replace(/^>/, ''));
  const rules = columns.map((name) => (name.startsWith('>') ? '---:' : '---'));
  return [names, rules, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

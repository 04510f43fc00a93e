/** A card as JSON that a person can read and a diff can show: short values on one line, long lists filled. */

const WIDTH = 118;

/** JSON text of `value`, ending in a line feed. Objects of a list of more than 60 take one line each. */
export function formatCard(value: unknown): string {
  return `${write(value, '')}\n`;
}

function write(value: unknown, indent: string): string {
  const flat = inline(value);
  if (flat.length + indent.length <= WIDTH || typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}  `;
  if (!Array.isArray(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    const lines = members.map(([key, member]) => `${inner}${JSON.stringify(key)}: ${write(member, inner)}`);
    return `{\n${lines.join(',\n')}\n${indent}}`;
  }
  if (value.every((item) => typeof item !== 'object')) return `[\n${fill(value, inner)}\n${indent}]`;
  const items = value.map((item) => inner + (value.length > 60 ? inline(item) : write(item, inner)));
  return `[\n${items.join(',\n')}\n${indent}]`;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{ ${members.map(([key, member]) => `${JSON.stringify(key)}: ${inline(member)}`).join(', ')} }`;
}

function fill(items: readonly unknown[], indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const [index, item] of items.entries()) {
    const text = JSON.stringify(item) + (index < items.length - 1 ? ',' : '');
    if (line !== indent && line.length + text.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? text : ` ${text}`;
  }
  return [...lines, line].join('\n');
}

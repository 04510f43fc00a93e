/** Names that an export gives to what it adds. */

/** The output of a model with a new head, in signatures. */
export const OUTPUT = 'scores';
/** In front of the names of nodes, layers and tensors of a new head. */
export const HEAD = 'zoo_head';

/** `wanted`, or with a number where others have that name, or names inside it. */
export function freeName(wanted: string, taken: Iterable<string>): string {
  const names = [...taken];
  const isTaken = (name: string) => names.some((other) => other === name || other.startsWith(`${name}/`));
  let name = wanted;
  for (let number = 2; isTaken(name); number++) name = `${wanted}_${number}`;
  return name;
}

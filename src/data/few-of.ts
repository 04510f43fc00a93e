/** Lists for messages. */

/** The first few, and how many more there are: `a.png, b.png and 7 more`. */
export function fewOf(items: readonly string[], most = 5): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

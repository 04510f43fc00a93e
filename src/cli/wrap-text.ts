/** Long texts broken between words, so that a terminal does not break them inside of words. */
import { Help } from 'commander';

/**
 * `text` in lines of at most `width` columns; a word that is longer stays whole.
 * @param indent columns that every line but the first begins with.
 */
export function wrapText(text: string, width: number, indent = 0): string {
  const help = new Help();
  // commander leaves narrow columns alone below this.
  help.minWidthToWrap = 20;
  return help.boxWrap(text, width - indent).replaceAll('\n', `\n${' '.repeat(indent)}`);
}

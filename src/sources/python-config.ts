/** Files in the dialect of Python's `RawConfigParser`, which pip's configuration is written in. */

/** Sections by name, then options by name; names of options in lower case with dashes, as pip normalises them. */
export type PythonConfig = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads `text`. Comments are lines that begin with `#` or `;`; an indented line continues the value above it; a
 * value may be empty; nothing is interpolated. Lines that Python would refuse are passed over.
 */
export function parsePythonConfig(text: string): PythonConfig {
  const sections = new Map<string, Map<string, string>>();
  let options: Map<string, string> | undefined;
  let option: string | undefined;
  let indentation = 0;
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const content = line.trim();
    if (content === '' || /^[#;]/.test(content)) continue;
    const indent = line.length - line.trimStart().length;
    if (options !== undefined && option !== undefined && indent > indentation) {
      options.set(option, `${options.get(option) ?? ''}\n${content}`.trim());
      continue;
    }
    indentation = indent;
    option = undefined;
    const section = /^\[(.+)\]/.exec(content)?.[1];
    if (section !== undefined) {
      options = sections.get(section) ?? new Map();
      sections.set(section, options);
      continue;
    }
    const pair = /^(.*?)\s*[=:]\s*(.*)$/.exec(content);
    if (options === undefined || pair?.[1] === undefined || pair[1] === '') continue;
    option = optionName(pair[1]);
    options.set(option, pair[2] ?? '');
  }
  return sections;
}

/** `Index_URL` and `--index-url` are both `index-url`. */
export function optionName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-').replace(/^--/, '');
}

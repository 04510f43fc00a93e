/** `.netrc`: user names and passwords by host, as pip, curl and git read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { basicAuthorization } from './url-credentials.js';

interface Login {
  login: string;
  password: string;
}

/**
 * Reads the file's tokens. Entries of the kind `default`, which would send one password to every host that a
 * registry names, are passed over on purpose.
 */
export function parseNetrc(text: string): ReadonlyMap<string, Readonly<Login>> {
  const logins = new Map<string, Login>();
  // A macro runs from its name to the next empty line.
  const tokens = tokenize(text.replace(/^[ \t]*macdef[^\n]*\n(?:[^\n]*\S[^\n]*(?:\n|$))*/gm, ''));
  let current: Login | undefined;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === 'default') current = undefined;
    else if (token === 'machine') {
      const host = (tokens[++i] ?? '').toLowerCase();
      current = { login: '', password: '' };
      // Python keeps the last entry of a host.
      logins.set(host, current);
    } else if (token === 'login' || token === 'user' || token === 'account' || token === 'password') {
      const value = tokens[++i] ?? '';
      if (current === undefined || token === 'account') continue;
      if (token === 'password') current.password = value;
      else current.login = value;
    }
  }
  return logins;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*#/.test(line)) continue;
    for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      tokens.push((match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1'));
    }
  }
  return tokens;
}

/** The `Authorization` values by host of the user's netrc (`NETRC`, else `~/.netrc` or `~/_netrc`). */
export function readNetrc(env: NodeJS.ProcessEnv, home: string): ReadonlyMap<string, string> {
  const files = env.NETRC ? [env.NETRC] : [join(home, '.netrc'), join(home, '_netrc')];
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      continue; // a netrc that isn't there or can't be read holds no passwords for us
    }
    return new Map([...parseNetrc(text)].map(([host, l]) => [host, basicAuthorization(l.login, l.password)]));
  }
  return new Map();
}

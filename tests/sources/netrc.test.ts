import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseNetrc, readNetrc } from '../../src/sources/netrc.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const TEXT = `
# machine commented.example login a password b
machine one.example login ann password s3cret
machine Two.Example
  login bob account ignored
  password "two words \\" quoted"
macdef init
  machine inside.example login x password y

machine three.example password only#hash
default login anyone password everywhere
`;

describe('parseNetrc', () => {
  it('reads entries in one line and in several, quotes, macros and comments', () => {
    expect(Object.fromEntries(parseNetrc(TEXT))).toEqual({
      'one.example': { login: 'ann', password: 's3cret' },
      'two.example': { login: 'bob', password: 'two words " quoted' },
      'three.example': { login: '', password: 'only#hash' },
    });
  });

  it('has no password for hosts that only the default entry would cover', () => {
    const logins = parseNetrc(
      'machine a.example login u password p default login anyone password everywhere',
    );
    expect([...logins.keys()]).toEqual(['a.example']);
    expect(JSON.stringify([...logins])).not.toContain('everywhere');
  });

  it('takes anything without failing', () => {
    for (const text of ['', 'machine', 'login x', 'machine a login', 'password', '"', 'default default']) {
      expect(() => parseNetrc(text)).not.toThrow();
    }
  });
});

describe('readNetrc', () => {
  it('reads the file that NETRC names, else the one of the home folder', async () => {
    const home = await temporaryFolder('netrc');
    expect(readNetrc({}, home).size).toBe(0);
    await writeFile(join(home, '.netrc'), 'machine a.example login u password p');
    expect(readNetrc({}, home).get('a.example')).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
    await writeFile(join(home, 'other'), 'machine b.example login u password p');
    expect([...readNetrc({ NETRC: join(home, 'other') }, home).keys()]).toEqual(['b.example']);
    expect(readNetrc({ NETRC: join(home, 'nowhere') }, home).size).toBe(0);
  });
});

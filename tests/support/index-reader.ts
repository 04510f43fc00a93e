/**
 * A process that has an index open: prints `open`, then for each line on its standard input a line of JSON with
 * what it sees. Started by tests/registry/index-processes.test.ts.
 */
import { createInterface } from 'node:readline';
import { openIndex } from '../../src/registry/index-open.js';

const [, , path = ''] = process.argv;
const index = openIndex(path);
process.stdout.write('open\n');
for await (const line of createInterface({ input: process.stdin })) {
  const answer = {
    count: index.count(),
    found: index.search(line).map((hit) => hit.name),
    version: index.resolve(line).card.version,
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
index.close();

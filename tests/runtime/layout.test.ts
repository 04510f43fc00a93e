/** What a process that uses the runtime really loads: files of the runtime, and all of them from there. */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { chooseOffer } from '../../src/runtime/choose-offer.js';
import { runtimeFiles } from '../../src/runtime/offers.js';
import { OWN_FILES } from '../../src/runtime/own-files.js';
import { BINDING_PATH } from '../../src/runtime/runtime-layout.js';
import { readManifest } from '../../src/runtime/runtime-manifest.js';
import { STAND_IN } from '../../src/runtime/stand-in.js';
import { nativeRuntime } from '../support/checkout-runtime.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Uses what a program may use, then tells the JavaScript and the libraries that are in the process. */
const SCRIPT = `
const Module = require('node:module');
const { mkdtempSync, readFileSync, writeFileSync } = require('node:fs');
const load = Module._load;
const util = Object.create(require('node:util'), {
  isNullOrUndefined: { value: (value) => value === null || value === undefined },
  isArray: { value: Array.isArray },
});
Module._load = (request, ...rest) => request === 'util' ? util : load.call(Module, request, ...rest);
const tf = require(process.argv[1] + '/node_modules/@tensorflow/tfjs-node');
(async () => {
  const folder = process.argv[2];
  tf.node.decodePng(await tf.node.encodePng(tf.zeros([2, 2, 3], 'int32')));
  tf.node.decodeJpeg(await tf.node.encodeJpeg(tf.zeros([2, 2, 3], 'int32')));
  const writer = tf.node.summaryFileWriter(folder);
  writer.scalar('loss', 1, 0);
  writer.flush();
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
  model.compile({ loss: 'meanSquaredError', optimizer: 'adam' });
  await model.fit(tf.zeros([4, 2]), tf.zeros([4, 1]), { verbose: 1, callbacks: tf.node.tensorBoard(folder) });
  await model.save('file://' + folder + '/model');
  await tf.loadLayersModel('file://' + folder + '/model/model.json');
  writeFileSync(folder + '/a.csv', 'a,b\\n1,2\\n');
  await tf.data.csv('file://' + folder + '/a.csv').columnNames();
  await tf.node.getMetaGraphsFromSavedModel(folder).catch(() => {});
  await tf.loadGraphModel('http://127.0.0.1:9/model.json').catch(() => {});
  const maps = process.platform === 'linux' ? readFileSync('/proc/self/maps', 'utf8') : '';
  const libraries = [...new Set(maps.match(/\\/.*(tensorflow|tfjs).*$/gm) ?? [])];
  process.stdout.write('\\n' + JSON.stringify({ modules: Object.keys(require.cache), libraries }) + '\\n');
})();
`;

it('every module and library of a process comes from the runtime, and is in its table', async () => {
  const runtime = realpathSync(nativeRuntime());
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', SCRIPT, runtime, await temporaryFolder()],
    { env: { PATH: process.env.PATH, TF_CPP_MIN_LOG_LEVEL: '2' } },
  );
  const loaded: { modules: string[]; libraries: string[] } = JSON.parse(
    stdout.trim().split('\n').at(-1) ?? '',
  );
  const within = (path: string) => relative(runtime, path).split(sep).join('/');
  const table = new Set(
    [...runtimeFiles(chooseOffer()), ...OWN_FILES].map(({ path }) => path).concat(BINDING_PATH),
  );
  const modules = loaded.modules.map(within);
  expect(modules.filter((path) => !table.has(path))).toEqual([]);
  expect(modules).toContain(STAND_IN.path);
  expect(modules).toContain('node_modules/@tensorflow/tfjs-node/dist/proto/api_pb.js');
  if (process.platform === 'linux') {
    expect(loaded.libraries.map(within).toSorted()).toEqual([
      BINDING_PATH,
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
    ]);
  }
  // And the other way round: no package is there for nothing.
  const packages = new Set(modules.map(packageOf));
  const offered = new Set([...table].map(packageOf).filter((name) => name !== undefined));
  offered.delete('node-api-headers');
  expect([...offered].filter((name) => !packages.has(name))).toEqual([]);
});

function packageOf(path: string): string | undefined {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

it('holds what its manifest names, and nothing else', async () => {
  const runtime = nativeRuntime();
  const manifest = await readManifest(runtime);
  if (manifest === undefined) throw new Error('the runtime of these tests is not one that zoo has installed');
  const entries = await readdir(runtime, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(runtime, join(entry.parentPath, entry.name)).split(sep).join('/'));
  expect(found.toSorted()).toEqual([...manifest.files.map(({ path }) => path), 'runtime.json'].toSorted());
});

import { expect, it } from 'vitest';
import { readManifest, writeManifest } from '../../src/cache/manifest.js';
import { sha256 } from '../../src/core/digest.js';
import { FILE_ROLES } from '../../src/registry/card.js';
import { testModel } from '../support/cache-models.js';

it('is an OCI manifest with the media types of the ModelPack, the same bytes each time', async () => {
  const { card } = await testModel({ 'model.json': '{}', 'weights.bin': 'w' });
  const bytes = writeManifest(card, Buffer.from('card'));
  expect(writeManifest(card, Buffer.from('card'))).toEqual(bytes);
  expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/vnd.cncf.model.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.neuralzoo.card.v1+json',
      digest: `sha256:${sha256('card')}`,
      size: 4,
    },
    layers: [
      {
        mediaType: 'application/vnd.cncf.model.weight.config.v1.raw',
        digest: `sha256:${sha256('{}')}`,
        size: 2,
        annotations: { 'org.cncf.model.filepath': 'model.json' },
      },
      {
        mediaType: 'application/vnd.cncf.model.weight.v1.raw',
        digest: `sha256:${sha256('w')}`,
        size: 1,
        annotations: { 'org.cncf.model.filepath': 'weights.bin' },
      },
    ],
  });
  expect(readManifest(bytes, 'test')).toEqual({
    card: { digest: sha256('card'), size: 4 },
    files: [
      { path: 'model.json', size: 2, sha256: sha256('{}') },
      { path: 'weights.bin', size: 1, sha256: sha256('w') },
    ],
  });
});

it('has a media type for each role of a file', async () => {
  const { card } = await testModel({ 'a.bin': 'a' });
  for (const role of FILE_ROLES) {
    const files = card.files.map((file) => ({ ...file, role }));
    const { layers } = JSON.parse(Buffer.from(writeManifest({ files }, Buffer.from('card'))).toString());
    expect(layers[0].mediaType).toMatch(
      /^application\/vnd\.cncf\.model\.(weight|weight\.config|doc|dataset)\.v1\.raw$/,
    );
  }
});

it('refuses what is none, and paths that leave the folder', async () => {
  const { card } = await testModel({ 'a.bin': 'a' });
  const good = Buffer.from(writeManifest(card, Buffer.from('card'))).toString();
  const read = (text: string) => () => readManifest(Buffer.from(text), 'the manifest');
  expect(read('{')).toThrow(/not JSON/);
  expect(read('{}')).toThrow(/not the manifest of a model/);
  expect(read(good.replace('cncf.model.manifest', 'other'))).toThrow(/not the manifest of a model/);
  expect(read(good.replace(sha256('a'), 'A'.repeat(64)))).toThrow(/not the manifest of a model/);
  for (const path of ['../a.bin', '/a.bin', 'a\\\\b', 'CON']) {
    expect(read(good.replace('"a.bin"', `"${path}"`))).toThrow(
      expect.objectContaining({ code: 'UNSAFE_PATH' }),
    );
  }
});

/** Formats of which only the envelope is read here: PyTorch files are pickles, HDF5 needs a library of its own. */
import { type Description, type LocalFile, malformed, stillUnknown } from './description.js';
import { readSpan } from './file-bytes.js';

export function describeTorch(file: LocalFile, kind: 'torch-zip' | 'torch-legacy'): Description {
  return {
    format: {
      name: 'pytorch',
      detail: kind === 'torch-zip' ? 'zip of a pickle and tensors' : 'legacy (non-zip) pickle',
    },
    roles: { [file.path]: 'weights' },
    unknown: ['architecture: a PyTorch file holds weights only', ...stillUnknown({})],
  };
}

/**
 * Checks the superblock of an HDF5 file, which Keras keeps its networks in.
 * @throws ZooError `INTEGRITY` when the file is shorter than its superblock says.
 */
export async function describeHdf5(file: LocalFile): Promise<Description> {
  const head = await readSpan(file, 0, 96);
  const version = head[8] ?? 255;
  if (version > 3) throw malformed(file.path, 'its superblock has an unknown version', '0 to 3', version);
  // Versions 0 and 1 have sizes of other structures in between; the end of the file is the third address.
  const addressSize = head[version < 2 ? 13 : 9];
  if (addressSize !== 8) throw malformed(file.path, 'its addresses have an unusual size', 8, addressSize);
  const first = version === 0 ? 24 : version === 1 ? 28 : 12;
  if (head.length < first + 24) throw malformed(file.path, 'it ends inside its superblock');
  const end = Number(head.readBigUInt64LE(first + 16));
  if (end > file.size) throw malformed(file.path, 'it was cut off', `${end} bytes`, file.size);
  return {
    format: { name: 'keras-h5', detail: 'HDF5' },
    roles: { [file.path]: 'weights' },
    unknown: [
      'architecture: that it is a network of Keras, and which layers it has, is not read from HDF5 here',
      ...stillUnknown({}),
    ],
  };
}

export type PeerName =
  | 'nginx'
  | 'aria2'
  | 'curl'
  | 'time'
  | 'hf'
  | 'pooch'
  | 'tensorflow'
  | 'keras'
  | 'torch'
  | 'torchvision'
  | 'transformers'
  | 'node22'
  | 'node24';
export const peersFolder: string;
export const peerNames: readonly PeerName[];
export const venvPython: string;
export function findPeer(name: PeerName): string | undefined;

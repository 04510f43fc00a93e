/**
 * A file of our own in place of a package. When tfjs-node is loaded it asks `@mapbox/node-pre-gyp` where its binding
 * lies, and that package with its thirty dependencies would be there for this one answer.
 */

const SOURCE = `'use strict';
// Written by "zoo runtime install" in place of the package of this name: tfjs-node calls nothing but find().
const path = require('node:path');

exports.find = (packageJson) => {
  const binary = require(packageJson).binary;
  const folder = binary.module_path.replace('{napi_build_version}', '8');
  return path.join(path.dirname(packageJson), folder, binary.module_name + '.node');
};
`;

export const STAND_IN = { path: 'node_modules/@mapbox/node-pre-gyp/index.js', content: SOURCE } as const;

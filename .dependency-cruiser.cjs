/**
 * The import rule of docs/design.md: a room imports only from rooms on its left, the library half never
 * loads TensorFlow, and nothing imports in a circle.
 */
const ROOMS = [
  'core',
  'registry',
  'sources',
  'archive',
  'download',
  'cache',
  'trust',
  'mirror',
  'zoo',
  'runtime',
  'formats',
  'graph',
  'architectures',
  'data',
  'transfer',
  'training',
  'export',
  'report',
];

const leftToRight = ROOMS.map((room, index) => ({
  name: `${room}-imports-from-its-left`,
  comment: `src/${room} may import from: ${ROOMS.slice(0, index).join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${[...ROOMS.slice(index + 1), 'cli'].join('|')})(/|$)` },
}));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...leftToRight,
    {
      name: 'tensorflow-only-in-runtime',
      comment: 'src/runtime is the only place that loads TensorFlow',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runtime/' },
      to: { path: '@tensorflow/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-one-public-door',
      comment: 'nothing inside imports src/index.ts',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/index\\.ts$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};

/** What operations cost, for the choice of what is kept and what is computed again. */

/** Those that move each number, change it by itself or count it once: computed again sooner than kept. */
export const CHEAP: ReadonlySet<string> = new Set([
  ...['Relu', 'Relu6', 'Elu', 'Selu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'Softplus', 'Erf'],
  ...['Abs', 'Neg', 'Exp', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Square', 'Sign', 'Reciprocal'],
  ...['Floor', 'Ceil', 'Round', 'Cast', 'Identity', 'ZerosLike', 'OnesLike'],
  ...['Add', 'AddV2', 'AddN', 'Sub', 'Mul', 'RealDiv', 'Div', 'FloorDiv', 'Maximum', 'Minimum', 'Pow'],
  ...['SquaredDifference', 'BiasAdd', 'Select', 'SelectV2'],
  ...['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'],
  ...['LogicalAnd', 'LogicalOr', 'LogicalNot'],
  ...['Reshape', 'Squeeze', 'ExpandDims', 'Transpose', 'Pad', 'PadV2', 'MirrorPad', 'Shape'],
  ...['Slice', 'StridedSlice', 'ConcatV2', 'Pack', 'Unpack', 'Tile', 'BroadcastTo', 'Fill'],
  ...['SpaceToBatchND', 'BatchToSpaceND', 'Sum', 'Mean', 'Max', 'Min'],
]);

/** Those that networks spend their time on. */
export const HEAVY: ReadonlySet<string> = new Set([
  ...['Conv2D', 'DepthwiseConv2dNative', 'Conv2DBackpropInput', 'Conv3D'],
  ...['MatMul', 'BatchMatMul', 'BatchMatMulV2', 'Einsum'],
]);

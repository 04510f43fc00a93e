/**
 * A source file of our own that is compiled into the binding. TensorFlow writes some of its log by way of absl, which
 * prints everything until a program has initialised it, whatever `TF_CPP_MIN_LOG_LEVEL` says: at the first graph two
 * lines would appear on the standard error of a program that asked for none. This gives absl the same level.
 */
import { join } from 'node:path';
import { localSymbol } from './local-symbol.js';

const SOURCE = `// Written by "zoo runtime install" and compiled into tfjs-node's binding: absl, which TensorFlow logs with, gets the
// level that TF_CPP_MIN_LOG_LEVEL names. By itself it knows no such variable.
#include <dlfcn.h>

#include <cstdlib>
#include <string>

namespace {

// Numbers of TensorFlow and of absl's severities, an enum of int: 0 info, 1 warning, 2 error, 3 fatal.
int Level() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == nullptr || level[0] < '0' || level[0] > '3' || level[1] != '\\0') return 0;
  return level[0] - '0';
}

// absl::SetMinLogLevel(absl::LogSeverityAtLeast). The namespace is absl's release, and so another one in other versions
// of TensorFlow. Where none of them is found, nothing happens.
constexpr const char* kSetMinLogLevel[] = {
    "_ZN4absl12lts_2023080214SetMinLogLevelENS0_18LogSeverityAtLeastE",  // TensorFlow 2.18 and 2.19
    "_ZN4absl12lts_2025012714SetMinLogLevelENS0_18LogSeverityAtLeastE",  // 2.20
    "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE",  // 2.21
};

// Runs when the binding is loaded: its libraries are there already, and no graph has been made.
__attribute__((constructor)) void SetLogLevelOfAbsl() {
  for (const char* name : kSetMinLogLevel) {
    void* found = dlsym(RTLD_DEFAULT, name);
    if (found == nullptr) continue;
    reinterpret_cast<void (*)(int)>(found)(Level());
    break;
  }
#ifdef MIN_LOG_LEVEL_ADDRESS
  // In TensorFlow 2.18 the larger library has an absl of its own and exports nothing of it. The address is good for the
  // library that the binding was built with: another one, which LD_LIBRARY_PATH may name, is left alone.
  Dl_info own, core;
  void* of_core = dlsym(RTLD_DEFAULT, "TF_Version");
  if (of_core == nullptr || dladdr(of_core, &core) == 0) return;
  if (dladdr(reinterpret_cast<void*>(&SetLogLevelOfAbsl), &own) == 0) return;
  const std::string binding = own.dli_fname;
  const std::string built_with = binding.substr(0, binding.rfind('/') + 1) + PATH_OF_LIBRARY;
  if (built_with != core.dli_fname) return;
  *reinterpret_cast<int*>(static_cast<char*>(core.dli_fbase) + MIN_LOG_LEVEL_ADDRESS) = Level();
#endif
}

}  // namespace

// absl::MinLogLevel() of TensorFlow 2.21, whose libraries log while they are being loaded, when it is too early to set
// anything. On Linux they take this function for their own, as the binding comes first in the order of the search.
extern "C" int _ZN4absl12lts_2025081411MinLogLevelEv() {
  static const int level = Level();
  return level;
}
`;

export const LOG_LEVEL = { path: 'binding/log-level.cc', content: SOURCE } as const;

/**
 * What the source has to know of the libraries, as arguments of the compiler.
 * @param folder the runtime's.
 * @param library path of the library from there, and from the binding's folder.
 */
export async function logLevelArguments(
  folder: string,
  library: { readonly path: string; readonly fromBinding: string },
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = {
    part: 'min_log_level',
    name: /^_ZN4absl12lts_\d+12_GLOBAL__N_113min_log_levelE(\.\d+)?$/,
    size: 4,
  };
  const address = await localSymbol(join(folder, library.path), wanted, signal);
  if (address === undefined) return [];
  return [`-DMIN_LOG_LEVEL_ADDRESS=${address}`, `-DPATH_OF_LIBRARY="${library.fromBinding}"`];
}

// Giving memory back: madvise(2).
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

struct Mapping {
  unsigned long start;
  unsigned long end;
  /// A file is behind it, it is private and cannot be written.
  bool droppable;
};

/// Reads "START-END PERMISSIONS OFFSET DEVICE INODE PATH"; false for the lines between the headers.
bool readHeader(const char* line, Mapping* mapping) {
  // Into variables of its own: "Anonymous:" begins like a hexadecimal number.
  unsigned long start = 0;
  unsigned long end = 0;
  char permissions[5] = {};
  unsigned long inode = 0;
  if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, permissions, &inode) != 4) return false;
  *mapping = {start, end, inode != 0 && permissions[0] == 'r' && permissions[1] == '-' && permissions[3] == 'p'};
  return true;
}

}  // namespace

/// Most of an idle Node's resident memory is its own text, clean and backed by the file. Dropped, it comes back page by page as
/// it is used. Mappings that hold an anonymous page (a relocated, then protected section) must stay.
napi_value trimMemory(napi_env env, napi_callback_info) {
  FILE* file = fopen("/proc/self/smaps", "re");
  if (file == nullptr) return pairValue(env, 0, 0);
  Mapping mapping = {};
  double mappings = 0;
  double bytes = 0;
  char line[512];
  while (fgets(line, sizeof line, file) != nullptr) {
    if (readHeader(line, &mapping)) continue;
    unsigned long anonymousKilobytes = 0;
    if (!mapping.droppable || sscanf(line, "Anonymous: %lu", &anonymousKilobytes) != 1) continue;
    const size_t length = mapping.end - mapping.start;
    if (anonymousKilobytes == 0 && madvise(reinterpret_cast<void*>(mapping.start), length, MADV_DONTNEED) == 0) {
      mappings += 1;
      bytes += static_cast<double>(length);
    }
  }
  fclose(file);
  return pairValue(env, mappings, bytes);
}

}  // namespace heartwood

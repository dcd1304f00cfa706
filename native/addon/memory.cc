// What the manager holds in memory, and gives back: mmap(2), madvise(2).
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

// Part of Node-API since version 10, and in every Node that is supported before that as an experiment.
extern "C" __attribute__((weak)) napi_status node_api_create_external_string_latin1(napi_env, char*, size_t, napi_finalize, void*, napi_value*, bool*);

// Node-API comes without V8's own header, but Node exports V8.
namespace v8 {
class __attribute__((visibility("default"))) Isolate {
 public:
  __attribute__((weak)) static Isolate* GetCurrent();
  __attribute__((weak)) void LowMemoryNotification();
};
}  // namespace v8

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

void unmapText(napi_env, void* data, void* length) { munmap(data, reinterpret_cast<size_t>(length)); }

}  // namespace

/// A file of ASCII text as a string that is not copied: its pages belong to the page cache, are shared by all who run the same
/// program, and come and go as they are used. null when the file cannot be mapped, or this Node has no such strings.
/// Who replaces the file must do it by rename(2): a mapped file that is cut short is a SIGBUS.
napi_value mapText(napi_env env, napi_callback_info info) {
  Call call(env, info, "mapText", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  napi_value text = nullptr;
  napi_get_null(env, &text);
  if (node_api_create_external_string_latin1 == nullptr) return text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd == -1) return text;
  struct stat status = {};
  const size_t length = fstat(fd, &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
  void* data = length == 0 ? MAP_FAILED : mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (data == MAP_FAILED) return text;
  bool copied = false;
  if (node_api_create_external_string_latin1(env, static_cast<char*>(data), length, unmapText, reinterpret_cast<void*>(length), &text, &copied) != napi_ok) {
    munmap(data, length);
    napi_get_null(env, &text);
  }
  return text;
}

/// Collects all that is garbage, and gives the room of young objects back, which only V8 itself can do: an ordinary collection leaves it
/// as large as the last burst of work has made it.
napi_value shrinkHeap(napi_env env, napi_callback_info) {
  if (&v8::Isolate::GetCurrent == nullptr) return errnoValue(env, ENOSYS);
  v8::Isolate::GetCurrent()->LowMemoryNotification();
  return numberValue(env, 0);
}

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

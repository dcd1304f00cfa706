// File descriptors: pipes, open(2), read(2), write(2), fcntl(2), memfd_create(2), small files.
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// Bounds what one call may allocate.
constexpr int64_t kSmallFileMax = 64 << 20;

napi_value changeFlags(napi_env env, int fd, int get, int set, int flag, bool on) {
  const int before = fcntl(fd, get);
  if (before < 0) return errnoValue(env, errno);
  const int after = on ? before | flag : before & ~flag;
  return after == before ? numberValue(env, 0) : done(env, fcntl(fd, set, after));
}

}  // namespace

napi_value pipe(napi_env env, napi_callback_info info) {
  Call call(env, info, "pipe", 1);
  const bool nonBlocking = call.boolean(0, "nonBlocking");
  if (!call.ok()) return nullptr;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0)) < 0) return errnoValue(env, errno);
  return pairValue(env, ends[0], ends[1]);
}

napi_value setPipeSize(napi_env env, napi_callback_info info) {
  Call call(env, info, "setPipeSize", 2);
  const int fd = call.fd(0, "fd");
  const auto bytes = static_cast<int>(call.integer(1, "bytes", 1, INT32_MAX));
  if (!call.ok()) return nullptr;
  return outcome(env, fcntl(fd, F_SETPIPE_SZ, bytes));
}

napi_value open(napi_env env, napi_callback_info info) {
  Call call(env, info, "open", 3);
  const std::string path = call.text(0, "path");
  const auto flags = static_cast<int>(call.integer(1, "flags", 0, INT32_MAX));
  const auto mode = static_cast<mode_t>(call.integer(2, "mode", 0, 07777));
  if (!call.ok()) return nullptr;
  // O_NOCTTY: a manager that leads a session must not win a terminal by looking at it.
  return outcome(env, ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode));
}

napi_value close(napi_env env, napi_callback_info info) {
  Call call(env, info, "close", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  const int result = ::close(fd);
  // On Linux the descriptor is gone even when the call was interrupted.
  return result < 0 && errno == EINTR ? numberValue(env, 0) : done(env, result);
}

napi_value duplicate(napi_env env, napi_callback_info info) {
  Call call(env, info, "duplicate", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return outcome(env, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

napi_value read(napi_env env, napi_callback_info info) {
  Call call(env, info, "read", 2);
  const int fd = call.fd(0, "fd");
  const Bytes into = call.bytes(1, "into");
  if (!call.ok()) return nullptr;
  return outcome(env, ::read(fd, into.data, into.length));
}

napi_value write(napi_env env, napi_callback_info info) {
  Call call(env, info, "write", 2);
  const int fd = call.fd(0, "fd");
  const Bytes data = call.bytes(1, "data");
  if (!call.ok()) return nullptr;
  return outcome(env, ::write(fd, data.data, data.length));
}

napi_value setNonBlocking(napi_env env, napi_callback_info info) {
  Call call(env, info, "setNonBlocking", 2);
  const int fd = call.fd(0, "fd");
  const bool on = call.boolean(1, "on");
  if (!call.ok()) return nullptr;
  return changeFlags(env, fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}

napi_value setCloexec(napi_env env, napi_callback_info info) {
  Call call(env, info, "setCloexec", 2);
  const int fd = call.fd(0, "fd");
  const bool on = call.boolean(1, "on");
  if (!call.ok()) return nullptr;
  return changeFlags(env, fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

napi_value isTty(napi_env env, napi_callback_info info) {
  Call call(env, info, "isTty", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return booleanValue(env, isatty(fd) == 1);
}

napi_value memfd(napi_env env, napi_callback_info info) {
  Call call(env, info, "memfd", 1);
  const std::string name = call.text(0, "name");
  if (!call.ok()) return nullptr;
  return outcome(env, memfd_create(name.c_str(), MFD_CLOEXEC));
}

napi_value eventfd(napi_env env, napi_callback_info) { return outcome(env, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

napi_value readSmallFile(napi_env env, napi_callback_info info) {
  Call call(env, info, "readSmallFile", 2);
  const std::string path = call.text(0, "path");
  const auto most = static_cast<size_t>(call.integer(1, "max", 0, kSmallFileMax));
  if (!call.ok()) return nullptr;
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return errnoValue(env, errno);
  struct stat status = {};
  int error = 0;
  if (fstat(fd, &status) < 0) error = errno;
  else if (!S_ISREG(status.st_mode)) error = EINVAL;
  else if (status.st_size > static_cast<off_t>(most)) error = EFBIG;
  // Files of /proc and control groups say size 0, so the end of the file decides, not its size.
  std::string content(static_cast<size_t>(error != 0 ? 0 : status.st_size > 0 ? status.st_size + 1 : 4096), '\0');
  size_t length = 0;
  while (error == 0) {
    if (length == content.size()) content.resize(content.size() * 2);
    const ssize_t bytes = ::read(fd, content.data() + length, content.size() - length);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) error = errno;
    if (bytes <= 0) break;
    length += static_cast<size_t>(bytes);
    if (length > most) error = EFBIG;
  }
  ::close(fd);
  if (error != 0) return errnoValue(env, error);
  return textValue(env, content.data(), length);
}

napi_value writeAttribute(napi_env env, napi_callback_info info) {
  Call call(env, info, "writeAttribute", 2);
  const std::string path = call.text(0, "path");
  const std::string content = call.text(1, "text");
  if (!call.ok()) return nullptr;
  const int fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return errnoValue(env, errno);
  const ssize_t written = ::write(fd, content.data(), content.size());
  const int error = written < 0 ? errno : 0;
  ::close(fd);
  return error != 0 ? errnoValue(env, error) : numberValue(env, 0);
}

}  // namespace heartwood

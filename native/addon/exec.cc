// Executing the manager anew in the same process: execve(2).
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Returns whether the flag was set before, so that a failed exec can put it back.
bool setCloexecFlag(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFD);
  if (flags < 0) return false;
  fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
  return (flags & FD_CLOEXEC) != 0;
}

}  // namespace

napi_value reexec(napi_env env, napi_callback_info info) {
  Call call(env, info, "reexec", 4);
  const std::string path = call.text(0, "path");
  std::vector<std::string> argv = call.texts(1, "argv");
  std::vector<std::string> environment = call.texts(2, "env");
  std::vector<int> keep = call.integers(3, "keep", 0, INT32_MAX);
  if (!call.ok()) return nullptr;
  // Node marks the standard streams close-on-exec when it starts.
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) keep.push_back(standard);
  std::vector<int> changed;
  for (const int fd : keep) {
    if (setCloexecFlag(fd, false)) changed.push_back(fd);
  }
  execve(path.c_str(), pointersTo(argv).data(), pointersTo(environment).data());
  const int error = errno;
  for (const int fd : changed) setCloexecFlag(fd, true);
  return errnoValue(env, error);
}

}  // namespace heartwood

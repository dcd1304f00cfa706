// Directories, as control groups are made of: mkdir(2), rmdir(2), open(2); and who lives in them (cgroups(7)).
#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// Links of a control group's directory that has no group below it: its own name, and "." in itself.
constexpr nlink_t kLinksOfLeaf = 2;

/// A walk over a group and the groups below it. Stops silently at its bounds.
struct GroupWalk {
  int64_t depthMax;
  int64_t groupsLeft;
  std::vector<double> pids;

  /// Reads the pids in `cgroup.procs` of the group. A pid of 0 stands for a process outside of our PID namespace.
  void readProcesses(int group) {
    const int file = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char buffer[4096];
    double pid = 0;
    for (ssize_t got; (got = ::read(file, buffer, sizeof buffer)) > 0;) {
      for (ssize_t at = 0; at < got; at++) {
        if (buffer[at] != '\n') {
          pid = pid * 10 + (buffer[at] - '0');
          continue;
        }
        if (pid > 0) pids.push_back(pid);
        pid = 0;
      }
    }
    ::close(file);
  }

  /// Takes `group`, the fd of its directory, and closes it.
  void visit(int group, int64_t depth) {
    groupsLeft--;
    readProcesses(group);
    struct stat status;
    if (depth >= depthMax || fstat(group, &status) < 0 || status.st_nlink <= kLinksOfLeaf) {
      ::close(group);
      return;
    }
    DIR* entries = fdopendir(group);
    if (entries == nullptr) {
      ::close(group);
      return;
    }
    while (const dirent* entry = readdir(entries)) {
      if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      if (groupsLeft <= 0) break;
      const int below = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (below >= 0) visit(below, depth + 1);
    }
    closedir(entries);
  }
};

}  // namespace

napi_value readGroupProcesses(napi_env env, napi_callback_info info) {
  Call call(env, info, "readGroupProcesses", 3);
  const std::string path = call.text(0, "path");
  const int64_t depthMax = call.integer(1, "depthMax", 0, 1024);
  const int64_t groupsMax = call.integer(2, "groupsMax", 1, INT32_MAX);
  if (!call.ok()) return nullptr;
  const int group = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (group < 0) return errnoValue(env, errno);
  GroupWalk walk{depthMax, groupsMax, {}};
  walk.visit(group, 0);
  napi_value result;
  napi_create_array_with_length(env, walk.pids.size(), &result);
  for (size_t i = 0; i < walk.pids.size(); i++) napi_set_element(env, result, static_cast<uint32_t>(i), numberValue(env, walk.pids[i]));
  return result;
}

napi_value isGroupPopulated(napi_env env, napi_callback_info info) {
  Call call(env, info, "isGroupPopulated", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  const int file = ::open((path + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errnoValue(env, errno);
  // Two short lines; a kernel may add more after them.
  char text[256];
  const ssize_t length = ::read(file, text, sizeof text - 1);
  const int error = errno;
  ::close(file);
  if (length < 0) return errnoValue(env, error);
  text[length] = '\0';
  return booleanValue(env, strstr(text, "populated 1") != nullptr);
}

napi_value makeDirectory(napi_env env, napi_callback_info info) {
  Call call(env, info, "makeDirectory", 2);
  const std::string path = call.text(0, "path");
  const auto mode = static_cast<mode_t>(call.integer(1, "mode", 0, 07777));
  if (!call.ok()) return nullptr;
  return done(env, mkdir(path.c_str(), mode));
}

napi_value removeDirectory(napi_env env, napi_callback_info info) {
  Call call(env, info, "removeDirectory", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  return done(env, rmdir(path.c_str()));
}

napi_value openDirectory(napi_env env, napi_callback_info info) {
  Call call(env, info, "openDirectory", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  return outcome(env, ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace heartwood

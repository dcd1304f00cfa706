// Directories, as control groups are made of: mkdir(2), rmdir(2), open(2).
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

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

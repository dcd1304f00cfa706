// The file system tree: mount(2), umount2(2), pivot_root(2), chroot(2), swapoff(2).
#include <cerrno>

#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

napi_value mount(napi_env env, napi_callback_info info) {
  Call call(env, info, "mount", 5);
  const std::string source = call.text(0, "source");
  const std::string target = call.text(1, "target");
  const std::string type = call.text(2, "type");
  const auto flags = static_cast<unsigned long>(call.integer(3, "flags", 0, UINT32_MAX));
  const std::string data = call.text(4, "data");
  if (!call.ok()) return nullptr;
  return done(env, ::mount(source.c_str(), target.c_str(), type.c_str(), flags, data.c_str()));
}

napi_value umount(napi_env env, napi_callback_info info) {
  Call call(env, info, "umount", 2);
  const std::string target = call.text(0, "target");
  const auto flags = static_cast<int>(call.integer(1, "flags", 0, INT32_MAX));
  if (!call.ok()) return nullptr;
  return done(env, umount2(target.c_str(), flags));
}

napi_value pivotRoot(napi_env env, napi_callback_info info) {
  Call call(env, info, "pivotRoot", 2);
  const std::string newRoot = call.text(0, "newRoot");
  const std::string putOld = call.text(1, "putOld");
  if (!call.ok()) return nullptr;
  return done(env, syscall(SYS_pivot_root, newRoot.c_str(), putOld.c_str()));
}

napi_value chroot(napi_env env, napi_callback_info info) {
  Call call(env, info, "chroot", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  return done(env, ::chroot(path.c_str()));
}

napi_value swapoff(napi_env env, napi_callback_info info) {
  Call call(env, info, "swapoff", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  return done(env, ::swapoff(path.c_str()));
}

}  // namespace heartwood

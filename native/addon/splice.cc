// Moving bytes between pipes and files inside the kernel: logd stores the output of services without reading it.
#include <cerrno>
#include <cstdint>

#include <fcntl.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {
/// No pipe is larger than this: the kernel's own limit on F_SETPIPE_SZ.
constexpr int64_t kBytesMax = INT32_MAX;
}  // namespace

napi_value splice(napi_env env, napi_callback_info info) {
  Call call(env, info, "splice", 4);
  const int from = call.fd(0, "from");
  const int to = call.fd(1, "to");
  const int64_t toOffset = call.integer(2, "toOffset", -1, int64_t{1} << 52);
  const auto most = static_cast<size_t>(call.integer(3, "max", 1, kBytesMax));
  if (!call.ok()) return nullptr;
  loff_t offset = toOffset;
  return outcome(env, ::splice(from, nullptr, to, toOffset < 0 ? nullptr : &offset, most, SPLICE_F_NONBLOCK));
}

napi_value tee(napi_env env, napi_callback_info info) {
  Call call(env, info, "tee", 3);
  const int from = call.fd(0, "from");
  const int to = call.fd(1, "to");
  const auto most = static_cast<size_t>(call.integer(2, "max", 1, kBytesMax));
  if (!call.ok()) return nullptr;
  return outcome(env, ::tee(from, to, most, SPLICE_F_NONBLOCK));
}

}  // namespace heartwood

// Watching files and control group events: inotify(7).
#include <cerrno>
#include <cstring>

#include <sys/inotify.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// One read's worth of records; at least one with the longest name fits (inotify(7) asks for NAME_MAX + 1 more).
constexpr size_t kBufferBytes = 16 << 10;

}  // namespace

napi_value inotifyOpen(napi_env env, napi_callback_info) { return outcome(env, inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

napi_value inotifyAdd(napi_env env, napi_callback_info info) {
  Call call(env, info, "inotifyAdd", 3);
  const int fd = call.fd(0, "fd");
  const std::string path = call.text(1, "path");
  const auto mask = static_cast<uint32_t>(call.integer(2, "mask", 1, UINT32_MAX));
  if (!call.ok()) return nullptr;
  return outcome(env, inotify_add_watch(fd, path.c_str(), mask));
}

napi_value inotifyRemove(napi_env env, napi_callback_info info) {
  Call call(env, info, "inotifyRemove", 2);
  const int fd = call.fd(0, "fd");
  const auto watch = static_cast<int>(call.integer(1, "watch", 0, INT32_MAX));
  if (!call.ok()) return nullptr;
  return done(env, inotify_rm_watch(fd, watch));
}

napi_value inotifyRead(napi_env env, napi_callback_info info) {
  Call call(env, info, "inotifyRead", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  alignas(inotify_event) char buffer[kBufferBytes];
  const ssize_t bytes = ::read(fd, buffer, sizeof buffer);
  if (bytes < 0 && errno != EAGAIN) return errnoValue(env, errno);
  napi_value list;
  napi_create_array(env, &list);
  uint32_t count = 0;
  for (ssize_t offset = 0; offset < bytes;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + offset);
    napi_value record;
    napi_create_object(env, &record);
    setMember(env, record, "watch", event->wd);
    setMember(env, record, "mask", event->mask);
    setMember(env, record, "name", textValue(env, event->name, strnlen(event->name, event->len)));
    napi_set_element(env, list, count++, record);
    offset += static_cast<ssize_t>(sizeof *event + event->len);
  }
  return list;
}

}  // namespace heartwood

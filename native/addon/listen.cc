// What socket units are made of: sockets of any family with their options, FIFOs, message queues. Addresses travel as the bytes of
// struct sockaddr, which the caller composes. socket(2), bind(2), listen(2), setsockopt(2), getpeername(2), mkfifo(3), mq_open(2).
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <linux/mqueue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// A queue's bounds as the kernel checks them too; larger ones are refused there.
constexpr int64_t kQueueMax = INT32_MAX;

napi_value nameOf(napi_env env, int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address = {};
  socklen_t length = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &length) < 0) return errnoValue(env, errno);
  napi_value buffer, array;
  void* data = nullptr;
  if (length > sizeof address) length = sizeof address;
  napi_create_arraybuffer(env, length, &data, &buffer);
  if (length > 0) __builtin_memcpy(data, &address, length);
  napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array);
  return array;
}

/// A call that takes a socket and an address: bind(2), connect(2).
napi_value withAddress(napi_env env, napi_callback_info info, const char* name, int (*act)(int, const sockaddr*, socklen_t)) {
  Call call(env, info, name, 2);
  const int fd = call.fd(0, "fd");
  const Bytes address = call.bytes(1, "address");
  if (!call.ok()) return nullptr;
  return done(env, act(fd, reinterpret_cast<const sockaddr*>(address.data), static_cast<socklen_t>(address.length)));
}

}  // namespace

napi_value socketOpen(napi_env env, napi_callback_info info) {
  Call call(env, info, "socketOpen", 3);
  const auto family = static_cast<int>(call.integer(0, "family", 0, 255));
  const auto type = static_cast<int>(call.integer(1, "type", 0, 15));
  const auto protocol = static_cast<int>(call.integer(2, "protocol", 0, INT32_MAX));
  if (!call.ok()) return nullptr;
  return outcome(env, ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

napi_value socketBind(napi_env env, napi_callback_info info) { return withAddress(env, info, "socketBind", ::bind); }

napi_value socketConnect(napi_env env, napi_callback_info info) { return withAddress(env, info, "socketConnect", ::connect); }

napi_value socketError(napi_env env, napi_callback_info info) {
  Call call(env, info, "socketError", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errnoValue(env, errno);
  return error == 0 ? numberValue(env, 0) : errnoValue(env, error);
}

napi_value socketListen(napi_env env, napi_callback_info info) {
  Call call(env, info, "socketListen", 2);
  const int fd = call.fd(0, "fd");
  const auto backlog = static_cast<int>(call.integer(1, "backlog", 0, INT32_MAX));
  if (!call.ok()) return nullptr;
  return done(env, ::listen(fd, backlog));
}

napi_value socketOption(napi_env env, napi_callback_info info) {
  Call call(env, info, "socketOption", 4);
  const int fd = call.fd(0, "fd");
  const auto level = static_cast<int>(call.integer(1, "level", 0, INT32_MAX));
  const auto option = static_cast<int>(call.integer(2, "option", 0, INT32_MAX));
  const Bytes value = call.bytes(3, "value");
  if (!call.ok()) return nullptr;
  return done(env, ::setsockopt(fd, level, option, value.data, static_cast<socklen_t>(value.length)));
}

napi_value socketName(napi_env env, napi_callback_info info) {
  Call call(env, info, "socketName", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return nameOf(env, fd, ::getsockname);
}

napi_value peerName(napi_env env, napi_callback_info info) {
  Call call(env, info, "peerName", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return nameOf(env, fd, ::getpeername);
}

napi_value makeFifo(napi_env env, napi_callback_info info) {
  Call call(env, info, "makeFifo", 2);
  const std::string path = call.text(0, "path");
  const auto mode = static_cast<mode_t>(call.integer(1, "mode", 0, 07777));
  if (!call.ok()) return nullptr;
  return done(env, ::mkfifo(path.c_str(), mode));
}

napi_value queueOpen(napi_env env, napi_callback_info info) {
  Call call(env, info, "queueOpen", 4);
  const std::string name = call.text(0, "name");
  const auto mode = static_cast<mode_t>(call.integer(1, "mode", 0, 07777));
  mq_attr attributes = {};
  attributes.mq_maxmsg = static_cast<long>(call.integer(2, "messages", 0, kQueueMax));
  attributes.mq_msgsize = static_cast<long>(call.integer(3, "messageBytes", 0, kQueueMax));
  if (!call.ok()) return nullptr;
  // The system call, for librt is no part of old C libraries' libc; it wants the name without its slash.
  return outcome(env, syscall(SYS_mq_open, name.c_str() + (name[0] == '/' ? 1 : 0), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_CREAT, mode,
                              attributes.mq_maxmsg == 0 ? nullptr : &attributes));
}

napi_value queueUnlink(napi_env env, napi_callback_info info) {
  Call call(env, info, "queueUnlink", 1);
  const std::string name = call.text(0, "name");
  if (!call.ok()) return nullptr;
  return done(env, syscall(SYS_mq_unlink, name.c_str() + (name[0] == '/' ? 1 : 0)));
}

}  // namespace heartwood

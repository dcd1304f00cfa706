// Signals to processes: pidfd_open(2), pidfd_send_signal(2), kill(2), rt_sigqueueinfo(2); and the end of our own, _exit(2).
#include <csignal>
#include <cerrno>

#include <sys/syscall.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

napi_value pidfdOpen(napi_env env, napi_callback_info info) {
  Call call(env, info, "pidfdOpen", 1);
  const auto pid = static_cast<pid_t>(call.integer(0, "pid", 1, INT32_MAX));
  if (!call.ok()) return nullptr;
  return outcome(env, syscall(SYS_pidfd_open, pid, 0));
}

napi_value pidfdGetFd(napi_env env, napi_callback_info info) {
  Call call(env, info, "pidfdGetFd", 2);
  const int pidfd = call.fd(0, "pidfd");
  const auto number = static_cast<int>(call.integer(1, "number", 0, INT32_MAX));
  if (!call.ok()) return nullptr;
  return outcome(env, syscall(SYS_pidfd_getfd, pidfd, number, 0));
}

napi_value pidfdSendSignal(napi_env env, napi_callback_info info) {
  Call call(env, info, "pidfdSendSignal", 2);
  const int pidfd = call.fd(0, "pidfd");
  const int signal = call.signal(1, "signal");
  if (!call.ok()) return nullptr;
  return done(env, syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

napi_value kill(napi_env env, napi_callback_info info) {
  Call call(env, info, "kill", 2);
  const auto pid = static_cast<pid_t>(call.integer(0, "pid", -INT32_MAX, INT32_MAX));
  const int signal = call.signal(1, "signal");
  if (!call.ok()) return nullptr;
  // 0 and -1 reach ourselves or everybody; a pid that was never filled in must not do that.
  if (pid == 0 || pid == -1) return errnoValue(env, EINVAL);
  return done(env, ::kill(pid, signal));
}

napi_value killAll(napi_env env, napi_callback_info info) {
  Call call(env, info, "killAll", 1);
  const int signal = call.signal(0, "signal");
  if (!call.ok()) return nullptr;
  return done(env, ::kill(-1, signal));
}

napi_value sigqueue(napi_env env, napi_callback_info info) {
  Call call(env, info, "sigqueue", 3);
  const auto pid = static_cast<pid_t>(call.integer(0, "pid", 1, INT32_MAX));
  const int signal = call.signal(1, "signal");
  const auto value = static_cast<int>(call.integer(2, "value", INT32_MIN, INT32_MAX));
  if (!call.ok()) return nullptr;
  union sigval payload = {};
  payload.sival_int = value;
  return done(env, ::sigqueue(pid, signal, payload));
}

napi_value exitNow(napi_env env, napi_callback_info info) {
  Call call(env, info, "exitNow", 1);
  const auto status = static_cast<int>(call.integer(0, "status", 0, 255));
  if (!call.ok()) return nullptr;
  _exit(status);
}

}  // namespace heartwood

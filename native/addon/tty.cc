// Terminals: ioctl_tty(2), tcsetpgrp(3), termios(3).
#include <cerrno>
#include <csignal>

#include <sys/ioctl.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"
#include "sane-terminal.h"

namespace heartwood {

napi_value windowSize(napi_env env, napi_callback_info info) {
  Call call(env, info, "windowSize", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return errnoValue(env, errno);
  return pairValue(env, size.ws_col, size.ws_row);
}

napi_value setForegroundGroup(napi_env env, napi_callback_info info) {
  Call call(env, info, "setForegroundGroup", 2);
  const int fd = call.fd(0, "fd");
  const auto group = static_cast<pid_t>(call.integer(1, "pgid", 1, INT32_MAX));
  if (!call.ok()) return nullptr;
  // Giving the terminal away from the background raises SIGTTOU, which would stop the whole manager.
  sigset_t stop;
  sigset_t before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stop, &before);
  const int result = tcsetpgrp(fd, group);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result < 0 ? errnoValue(env, error) : numberValue(env, 0);
}

napi_value getForegroundGroup(napi_env env, napi_callback_info info) {
  Call call(env, info, "getForegroundGroup", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return outcome(env, tcgetpgrp(fd));
}

napi_value resetTty(napi_env env, napi_callback_info info) {
  Call call(env, info, "resetTty", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return done(env, make_terminal_sane(fd));
}

}  // namespace heartwood

// Terminals: ioctl_tty(2), tcsetpgrp(3), termios(3).
#include <cerrno>
#include <csignal>

#include <sys/ioctl.h>
#include <sys/ttydefaults.h>
#include <termios.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

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
  termios settings = {};
  if (tcgetattr(fd, &settings) < 0) return errnoValue(env, errno);
  settings.c_iflag = (settings.c_iflag & IUTF8) | BRKINT | ICRNL | IMAXBEL | IXON;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = (settings.c_cflag & (CBAUD | CSIZE | CSTOPB | PARENB | PARODD | CLOCAL | HUPCL | CRTSCTS)) | CREAD;
  settings.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
  settings.c_cc[VINTR] = CINTR;
  settings.c_cc[VQUIT] = CQUIT;
  settings.c_cc[VERASE] = CERASE;
  settings.c_cc[VKILL] = CKILL;
  settings.c_cc[VEOF] = CEOF;
  settings.c_cc[VSTART] = CSTART;
  settings.c_cc[VSTOP] = CSTOP;
  settings.c_cc[VSUSP] = CSUSP;
  settings.c_cc[VREPRINT] = CREPRINT;
  settings.c_cc[VDISCARD] = CDISCARD;
  settings.c_cc[VWERASE] = CWERASE;
  settings.c_cc[VLNEXT] = CLNEXT;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  // TCSANOW: waiting until the output has drained could wait for ever.
  return done(env, tcsetattr(fd, TCSANOW, &settings));
}

}  // namespace heartwood

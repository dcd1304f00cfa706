// The machine: reboot(2), sync(2), sethostname(2), and the loopback interface.
#include <cerrno>
#include <cstring>

#include <linux/reboot.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

struct RebootWord {
  const char* word;
  unsigned int command;
};

constexpr RebootWord kRebootWords[] = {
    {"power-off", LINUX_REBOOT_CMD_POWER_OFF}, {"restart", LINUX_REBOOT_CMD_RESTART}, {"halt", LINUX_REBOOT_CMD_HALT},
    {"kexec", LINUX_REBOOT_CMD_KEXEC},         {"cad-off", LINUX_REBOOT_CMD_CAD_OFF}, {"cad-on", LINUX_REBOOT_CMD_CAD_ON},
};

}  // namespace

napi_value sync(napi_env env, napi_callback_info) {
  ::sync();
  return numberValue(env, 0);
}

napi_value reboot(napi_env env, napi_callback_info info) {
  Call call(env, info, "reboot", 2);
  const std::string how = call.text(0, "how");
  const std::optional<std::string> argument = call.textOrNull(1, "argument");
  const RebootWord* chosen = nullptr;
  for (const RebootWord& candidate : kRebootWords) {
    if (how == candidate.word) chosen = &candidate;
  }
  if (chosen == nullptr) call.reject("how", "one of power-off, restart, halt, kexec, cad-off, cad-on");
  if (!call.ok()) return nullptr;
  unsigned int command = chosen->command;
  if (command == LINUX_REBOOT_CMD_RESTART && argument.has_value()) command = LINUX_REBOOT_CMD_RESTART2;
  // The system call itself: glibc's wrapper has no argument.
  return done(env, syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command,
                           argument.has_value() ? argument->c_str() : nullptr));
}

napi_value setHostname(napi_env env, napi_callback_info info) {
  Call call(env, info, "setHostname", 1);
  const std::string name = call.text(0, "name");
  if (!call.ok()) return nullptr;
  return done(env, sethostname(name.data(), name.size()));
}

napi_value loopbackUp(napi_env env, napi_callback_info) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errnoValue(env, errno);
  ifreq request = {};
  strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  int error = 0;
  // The kernel gives the interface 127.0.0.1/8 and ::1/128 by itself when it comes up.
  if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) error = errno;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (error == 0 && ioctl(fd, SIOCSIFFLAGS, &request) < 0) error = errno;
  ::close(fd);
  return error != 0 ? errnoValue(env, error) : numberValue(env, 0);
}

}  // namespace heartwood

// The kernel's automounter: the commands of /dev/autofs. What it asks comes over a pipe, which JavaScript reads.
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// struct autofs_dev_ioctl of <linux/auto_dev-ioctl.h>, which is no C++. Its last member is a union whose members begin with one or two words.
struct Parameters {
  uint32_t major = 1;
  uint32_t minor = 1;
  /// With what follows.
  uint32_t size = sizeof(Parameters);
  int32_t fd = -1;
  /// openmount: device number; ready, fail: token.
  uint32_t first = 0;
  /// fail: the errno, negative.
  int32_t second = 0;
};

constexpr unsigned kFamily = 0x93;
constexpr unsigned long kOpenMount = _IOWR(kFamily, 0x74, Parameters);
constexpr unsigned long kReady = _IOWR(kFamily, 0x76, Parameters);
constexpr unsigned long kFail = _IOWR(kFamily, 0x77, Parameters);

/// One command that names the mount by the fd of autofsOpen. Returns 0 or -1 with errno.
int command(unsigned long request, Parameters* parameters) {
  const int device = ::open("/dev/autofs", O_RDONLY | O_CLOEXEC);
  if (device < 0) return -1;
  const int result = ioctl(device, request, parameters);
  const int error = errno;
  ::close(device);
  errno = error;
  return result;
}

}  // namespace

// The path must be that of the autofs mount itself: stat does not go into it, so it works before anything is mounted over it.
napi_value autofsOpen(napi_env env, napi_callback_info info) {
  Call call(env, info, "autofsOpen", 1);
  const std::string path = call.text(0, "path");
  if (!call.ok()) return nullptr;
  struct stat status;
  if (fstatat(AT_FDCWD, path.c_str(), &status, AT_NO_AUTOMOUNT) < 0) return errnoValue(env, errno);
  Parameters parameters;
  parameters.size += static_cast<uint32_t>(path.size()) + 1;
  parameters.first = static_cast<uint32_t>(status.st_dev);
  // The path follows the structure.
  std::vector<char> bytes(parameters.size);
  memcpy(bytes.data(), &parameters, sizeof parameters);
  memcpy(bytes.data() + sizeof parameters, path.c_str(), path.size() + 1);
  if (command(kOpenMount, reinterpret_cast<Parameters*>(bytes.data())) < 0) return errnoValue(env, errno);
  memcpy(&parameters, bytes.data(), sizeof parameters);
  const int fd = parameters.fd;
  if (fd < 0) return errnoValue(env, EIO);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return numberValue(env, fd);
}

napi_value autofsAnswer(napi_env env, napi_callback_info info) {
  Call call(env, info, "autofsAnswer", 3);
  const int fd = call.fd(0, "fd");
  const auto token = static_cast<uint32_t>(call.integer(1, "token", 0, UINT32_MAX));
  const auto error = static_cast<int>(call.integer(2, "errno", 0, INT32_MAX));
  if (!call.ok()) return nullptr;
  Parameters parameters;
  parameters.fd = fd;
  parameters.first = token;
  parameters.second = -error;
  return done(env, command(error == 0 ? kReady : kFail, &parameters));
}

}  // namespace heartwood

// Reaping: waitid(2) with WNOHANG, which never races Node as long as nobody in the process uses node:child_process.
#include <cerrno>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

constexpr int64_t kReapMax = 65536;
constexpr double kUsecPerSec = 1e6;
constexpr double kBytesPerKilobyte = 1024;

const char* nameOf(int code) {
  switch (code) {
    case CLD_EXITED: return "exited";
    case CLD_DUMPED: return "dumped";
    default: return "killed";
  }
}

double usecOf(const timeval& time) { return static_cast<double>(time.tv_sec) * kUsecPerSec + static_cast<double>(time.tv_usec); }

napi_value exitRecord(napi_env env, const siginfo_t& child, const rusage& usage) {
  napi_value record;
  napi_create_object(env, &record);
  setMember(env, record, "pid", child.si_pid);
  setMember(env, record, "code", textValue(env, nameOf(child.si_code), NAPI_AUTO_LENGTH));
  setMember(env, record, "status", child.si_status);
  setMember(env, record, "uid", child.si_uid);
  setMember(env, record, "userUsec", usecOf(usage.ru_utime));
  setMember(env, record, "systemUsec", usecOf(usage.ru_stime));
  setMember(env, record, "maxRssBytes", static_cast<double>(usage.ru_maxrss) * kBytesPerKilobyte);
  return record;
}

}  // namespace

napi_value reap(napi_env env, napi_callback_info info) {
  Call call(env, info, "reap", 1);
  const int64_t most = call.integer(0, "max", 1, kReapMax);
  if (!call.ok()) return nullptr;
  napi_value list;
  napi_create_array(env, &list);
  for (uint32_t count = 0; count < most;) {
    siginfo_t child = {};
    rusage usage = {};
    // The system call itself, not glibc's wrapper: only it fills in the resource use.
    const long result = syscall(SYS_waitid, P_ALL, 0, &child, WEXITED | WNOHANG, &usage);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0 || child.si_pid == 0) break;
    napi_set_element(env, list, count++, exitRecord(env, child, usage));
  }
  return list;
}

}  // namespace heartwood

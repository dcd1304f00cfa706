// What the process is: prctl(2), capget(2), prlimit(2), umask(2), setsid(2).
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// The soft limit the kernel gives init, and so what everything was written for.
constexpr rlim_t kOpenFilesDefault = 1024;

double limitNumber(rlim_t limit) { return limit == RLIM_INFINITY ? INFINITY : static_cast<double>(limit); }

/// Node raises its soft limit of open files to the hard one before any of our code runs. The launcher, which came before Node,
/// says in HEARTWOOD_NOFILE ("soft:hard") what it was.
void undoNodesLimit(rlimit* limit) {
  const char* recorded = getenv("HEARTWOOD_NOFILE");
  unsigned long long soft = 0;
  unsigned long long hard = 0;
  if (recorded != nullptr && sscanf(recorded, "%llu:%llu", &soft, &hard) == 2 && soft <= hard && hard <= limit->rlim_max) {
    limit->rlim_cur = soft;
    limit->rlim_max = hard;
  } else if (limit->rlim_cur == limit->rlim_max && limit->rlim_max > kOpenFilesDefault) {
    limit->rlim_cur = kOpenFilesDefault;
  }
}

}  // namespace

napi_value setChildSubreaper(napi_env env, napi_callback_info info) {
  Call call(env, info, "setChildSubreaper", 1);
  const bool on = call.boolean(0, "on");
  if (!call.ok()) return nullptr;
  return done(env, prctl(PR_SET_CHILD_SUBREAPER, on ? 1UL : 0UL, 0, 0, 0));
}

napi_value setParentDeathSignal(napi_env env, napi_callback_info info) {
  Call call(env, info, "setParentDeathSignal", 1);
  const int signal = call.signal(0, "signal");
  if (!call.ok()) return nullptr;
  return done(env, prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal), 0, 0, 0));
}

napi_value setProcessName(napi_env env, napi_callback_info info) {
  Call call(env, info, "setProcessName", 1);
  const std::string name = call.text(0, "name");
  if (!call.ok()) return nullptr;
  return done(env, prctl(PR_SET_NAME, name.c_str(), 0, 0, 0));
}

napi_value effectiveCapabilities(napi_env env, napi_callback_info) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  napi_value list;
  napi_create_array(env, &list);
  if (syscall(SYS_capget, &header, data) < 0) return list;
  uint32_t count = 0;
  for (int capability = 0; capability < 64; capability++) {
    if ((data[capability / 32].effective >> (capability % 32)) & 1U) {
      napi_set_element(env, list, count++, numberValue(env, capability));
    }
  }
  return list;
}

napi_value inheritedLimits(napi_env env, napi_callback_info) {
  napi_value list;
  napi_create_array(env, &list);
  for (int resource = 0; resource < static_cast<int>(RLIM_NLIMITS); resource++) {
    rlimit limit = {};
    if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) < 0) continue;
    if (resource == RLIMIT_NOFILE) undoNodesLimit(&limit);
    napi_value entry;
    napi_create_array_with_length(env, 3, &entry);
    napi_set_element(env, entry, 0, numberValue(env, resource));
    napi_set_element(env, entry, 1, numberValue(env, limitNumber(limit.rlim_cur)));
    napi_set_element(env, entry, 2, numberValue(env, limitNumber(limit.rlim_max)));
    napi_set_element(env, list, static_cast<uint32_t>(resource), entry);
  }
  return list;
}

napi_value umask(napi_env env, napi_callback_info info) {
  Call call(env, info, "umask", 1);
  const auto mask = static_cast<mode_t>(call.integer(0, "mask", 0, 0777));
  if (!call.ok()) return nullptr;
  return numberValue(env, ::umask(mask));
}

napi_value setsid(napi_env env, napi_callback_info) { return outcome(env, ::setsid()); }

}  // namespace heartwood

// Reaping: waitid(2) with WNOHANG, which never races Node as long as nobody in the process uses node:child_process.
//
// An engine may die at any instruction, and a child that was reaped is forgotten by the kernel. So a child is looked at first
// (WNOWAIT), written down in memory that outlives the engine, and only then reaped; the record stays until the engine says that it has
// told the exit on.
#include <cerrno>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

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

napi_value exitObject(napi_env env, const ExitRecord& child) {
  napi_value record;
  napi_create_object(env, &record);
  setMember(env, record, "pid", child.pid);
  setMember(env, record, "code", textValue(env, nameOf(child.code), NAPI_AUTO_LENGTH));
  setMember(env, record, "status", child.status);
  setMember(env, record, "uid", child.uid);
  setMember(env, record, "userUsec", child.userUsec);
  setMember(env, record, "systemUsec", child.systemUsec);
  setMember(env, record, "maxRssBytes", child.maxRssBytes);
  return record;
}

/// The system call itself, not glibc's wrapper: only it fills in the resource use.
long waitFor(idtype_t which, pid_t pid, siginfo_t* child, int options, rusage* usage) {
  for (;;) {
    const long result = syscall(SYS_waitid, which, pid, child, WEXITED | WNOHANG | options, usage);
    if (result == 0 || errno != EINTR) return result;
  }
}

/// Writes down one child that has ended, then reaps it. False when there is none.
bool reapOne(const ExitTable& table) {
  siginfo_t child = {};
  rusage usage = {};
  if (waitFor(P_ALL, 0, &child, WNOWAIT, &usage) < 0 || child.si_pid == 0) return false;
  ExitRecord& record = table.records[*table.count];
  record = {child.si_pid, child.si_code, child.si_status, child.si_uid, usecOf(usage.ru_utime), usecOf(usage.ru_stime),
            static_cast<double>(usage.ru_maxrss) * kBytesPerKilobyte, 0};
  // The count is the last store: from here on the exit is known, reaped or not.
  __atomic_store_n(table.count, *table.count + 1, __ATOMIC_RELEASE);
  passFaultPoint(FaultPoint::afterLook);
  const pid_t pid = child.si_pid;
  waitFor(P_PID, pid, &child, 0, &usage);
  passFaultPoint(FaultPoint::afterReap);
  return true;
}

/// A former engine's record of a child it did not come to reap: done now, or its number could be met once more.
void finishReaping(const ExitTable& table) {
  if (*table.told >= *table.count) return;
  siginfo_t child = {};
  rusage usage = {};
  waitFor(P_PID, table.records[*table.count - 1].pid, &child, 0, &usage);
}

napi_value untold(napi_env env, const ExitTable& table) {
  napi_value list;
  napi_create_array(env, &list);
  for (uint32_t i = *table.told; i < *table.count; i++) napi_set_element(env, list, i - *table.told, exitObject(env, table.records[i]));
  return list;
}

}  // namespace

napi_value reap(napi_env env, napi_callback_info info) {
  Call call(env, info, "reap", 1);
  const auto most = static_cast<uint32_t>(call.integer(0, "max", 1, kExitsMax));
  if (!call.ok()) return nullptr;
  const ExitTable table = exitTable();
  if (table.records == nullptr) return errnoValue(env, ENOMEM);
  // In this order: at no instant there is an exit that was not told.
  __atomic_store_n(table.count, 0, __ATOMIC_RELEASE);
  __atomic_store_n(table.told, 0, __ATOMIC_RELEASE);
  while (*table.count < most && reapOne(table)) {}
  return untold(env, table);
}

napi_value leftExits(napi_env env, napi_callback_info) {
  const ExitTable table = exitTable();
  if (table.records == nullptr) return errnoValue(env, ENOMEM);
  finishReaping(table);
  return untold(env, table);
}

napi_value exitsTold(napi_env env, napi_callback_info info) {
  Call call(env, info, "exitsTold", 1);
  const auto count = static_cast<uint32_t>(call.integer(0, "count", 0, kExitsMax));
  if (!call.ok()) return nullptr;
  const ExitTable table = exitTable();
  if (table.records != nullptr) *table.told += count;
  return numberValue(env, 0);
}

}  // namespace heartwood

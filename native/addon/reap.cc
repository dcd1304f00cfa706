// Reaping: waitid(2) with WNOHANG, which never races Node as long as nobody in the process uses node:child_process.
//
// An engine may die at any instruction, and a child that was reaped is forgotten by the kernel. So a child is looked at first
// (WNOWAIT), written down in memory that outlives the engine, and only then reaped; the record stays until the engine says that it has
// told the exit on.
//
// Of an orphan that nobody in the manager knows there is nothing to tell. Such strangers are reaped from within the poll set, without a
// turn of JavaScript: a storm of them leaves no more zombies than a loop in C would.
#include "addon/reap.h"

#include <cerrno>
#include <unordered_set>

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

/// Processes whose end somebody waits for. All others are strangers.
std::unordered_set<pid_t> expected;
/// Strangers are reaped without being told of.
bool quietAboutStrangers = false;
/// The table was filled by the poll set, and nobody has come for it yet.
bool isPrefilled = false;

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

/// Writes down one child that has ended, unless it is a stranger, then reaps it. False when there is none.
bool reapOne(const ExitTable& table) {
  siginfo_t child = {};
  rusage usage = {};
  if (waitFor(P_ALL, 0, &child, WNOWAIT, &usage) < 0 || child.si_pid == 0) return false;
  const pid_t pid = child.si_pid;
  const bool isExpected = expected.erase(pid) > 0;
  if (quietAboutStrangers && !isExpected) {
    waitFor(P_PID, pid, &child, 0, nullptr);
    return true;
  }
  ExitRecord& record = table.records[*table.count];
  record = {child.si_pid, child.si_code, child.si_status, child.si_uid, usecOf(usage.ru_utime), usecOf(usage.ru_stime),
            static_cast<double>(usage.ru_maxrss) * kBytesPerKilobyte, 0};
  // The count is the last store: from here on the exit is known, reaped or not.
  __atomic_store_n(table.count, *table.count + 1, __ATOMIC_RELEASE);
  passFaultPoint(FaultPoint::afterLook);
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

/// In this order: at no instant there is an exit that was not told.
void emptyTable(const ExitTable& table) {
  __atomic_store_n(table.count, 0, __ATOMIC_RELEASE);
  __atomic_store_n(table.told, 0, __ATOMIC_RELEASE);
}

napi_value untold(napi_env env, const ExitTable& table) {
  napi_value list;
  napi_create_array(env, &list);
  for (uint32_t i = *table.told; i < *table.count; i++) napi_set_element(env, list, i - *table.told, exitObject(env, table.records[i]));
  return list;
}

}  // namespace

void expectExitOf(pid_t pid) { expected.insert(pid); }

bool reapBeforehand() {
  const ExitTable table = exitTable();
  if (table.records == nullptr) return true;
  if (!isPrefilled) emptyTable(table);
  isPrefilled = true;
  // Strangers take no place in the table, and must not keep the other sources waiting for ever either.
  for (size_t i = 0; i < kExitsMax && *table.count < kExitsMax && reapOne(table); i++) {}
  return *table.count > 0;
}

napi_value reap(napi_env env, napi_callback_info info) {
  Call call(env, info, "reap", 1);
  const auto most = static_cast<uint32_t>(call.integer(0, "max", 1, kExitsMax));
  if (!call.ok()) return nullptr;
  const ExitTable table = exitTable();
  if (table.records == nullptr) return errnoValue(env, ENOMEM);
  if (!isPrefilled) emptyTable(table);
  isPrefilled = false;
  while (*table.count < most && reapOne(table)) {}
  return untold(env, table);
}

napi_value leftExits(napi_env env, napi_callback_info) {
  const ExitTable table = exitTable();
  if (table.records == nullptr) return errnoValue(env, ENOMEM);
  finishReaping(table);
  return untold(env, table);
}

napi_value expectExit(napi_env env, napi_callback_info info) {
  Call call(env, info, "expectExit", 1);
  const auto pid = static_cast<pid_t>(call.integer(0, "pid", 1, INT32_MAX));
  if (!call.ok()) return nullptr;
  expectExitOf(pid);
  return numberValue(env, 0);
}

napi_value reapStrangersQuietly(napi_env env, napi_callback_info info) {
  Call call(env, info, "reapStrangersQuietly", 1);
  const bool on = call.boolean(0, "on");
  if (!call.ok()) return nullptr;
  quietAboutStrangers = on;
  return numberValue(env, 0);
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

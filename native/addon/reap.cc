// Reaping: waitid(2) with WNOHANG, which never races Node as long as nobody in the process uses node:child_process.
//
// An engine may die at any instruction, and a child that was reaped is forgotten by the kernel. So the kernel itself writes how it ended
// into memory that outlives the engine, before waitid returns; from there it goes into a table, where it stays until the engine says that
// it has told the exit on.
//
// Of an orphan that nobody in the manager knows there is nothing to tell. Such strangers are reaped from within the poll set, without a
// turn of JavaScript: a storm of them leaves no more zombies than a loop in C would.
#include "addon/reap.h"

#include <cerrno>
#include <unordered_set>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"
#include "addon/in-hand.h"

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

/// Reaps one child right into the memory that outlives the engine; null when none has ended.
/// The system call itself, not glibc's wrapper: only it fills in the resource use.
const EndInHand* reapIntoHand(uint32_t index) {
  EndInHand& hand = inHand().end;
  hand.child.si_pid = 0;
  hand.index = index;
  while (syscall(SYS_waitid, P_ALL, 0, &hand.child, WEXITED | WNOHANG, &hand.usage) < 0) {
    if (errno != EINTR) return nullptr;
  }
  return hand.child.si_pid == 0 ? nullptr : &hand;
}

/// Enters it into the table.
void record(const ExitTable& table, const EndInHand& end) {
  table.records[*table.count] = {end.child.si_pid, end.child.si_code, end.child.si_status, end.child.si_uid, usecOf(end.usage.ru_utime),
                                 usecOf(end.usage.ru_stime), static_cast<double>(end.usage.ru_maxrss) * kBytesPerKilobyte, 0};
  // The count is the last store: from here on the exit stands in the table, whatever is still in hand.
  __atomic_store_n(table.count, *table.count + 1, __ATOMIC_RELEASE);
}

void emptyHand() { inHand().end.child.si_pid = 0; }

/// Reaps one child and enters it, unless it is a stranger. False when there is none.
bool reapOne(const ExitTable& table) {
  const EndInHand* end = reapIntoHand(*table.count);
  if (end == nullptr) return false;
  const bool isExpected = expected.erase(end->child.si_pid) > 0;
  if (isExpected || !quietAboutStrangers) {
    passFaultPoint(FaultPoint::afterReap);
    record(table, *end);
    passFaultPoint(FaultPoint::afterRecord);
  }
  emptyHand();
  return true;
}

/// What a former engine had in hand and did not come to enter.
void finishRecording(const ExitTable& table) {
  const EndInHand& end = inHand().end;
  if (end.child.si_pid != 0 && end.index == *table.count && *table.count < kExitsMax) record(table, end);
  emptyHand();
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
  finishRecording(table);
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

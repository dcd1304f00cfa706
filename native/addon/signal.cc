// Signals by signalfd(2), without losing one.
//
// A signalfd sees a signal only while it is blocked, and a signal sent to the process may be taken by any thread that has it
// unblocked. Node runs half a dozen threads before any of our code does, so blocking in the main thread alone loses a third of
// all signals (measured). pthread_sigmask(3) reaches only the calling thread: the others are asked, by a real-time signal
// whose handler adds the set to the mask its thread returns to. Threads made later inherit the mask of their maker.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>

#include <dirent.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"
#include "addon/in-hand.h"

namespace heartwood {

namespace {

/// A thread answers within microseconds. Two seconds are for a machine that is badly overloaded.
constexpr int kRoundsMax = 2000;
constexpr long kRoundPauseNsec = 100'000;
constexpr int kSlowRoundsAfter = 50;

/// What the handler adds; written before the first request goes out.
uint64_t maskToAdd = 0;

constexpr uint64_t bitOf(int signal) { return uint64_t{1} << (signal - 1); }

void addToMask(int, siginfo_t*, void* context) {
  auto* user = static_cast<ucontext_t*>(context);
  uint64_t mask;
  // The kernel's own mask is the first 64 bits of glibc's longer one; no function of glibc lets all 64 through.
  memcpy(&mask, &user->uc_sigmask, sizeof mask);
  mask |= maskToAdd;
  memcpy(&user->uc_sigmask, &mask, sizeof mask);
}

/// The SigBlk mask of one task; false when the task is gone.
bool blockedMask(const char* task, uint64_t* mask) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%.20s/status", task);
  FILE* file = fopen(path, "re");
  if (file == nullptr) return false;
  char line[256];
  bool found = false;
  while (!found && fgets(line, sizeof line, file) != nullptr) {
    if (strncmp(line, "SigBlk:", 7) == 0) {
      *mask = strtoull(line + 7, nullptr, 16);
      found = true;
    }
  }
  fclose(file);
  return found;
}

/// Asks every thread that lacks a bit of the set. Returns how many there were, or -1.
int askThreads(uint64_t set, int request) {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return -1;
  int lacking = 0;
  while (const dirent* entry = readdir(tasks)) {
    const int task = atoi(entry->d_name);
    uint64_t mask = 0;
    if (task <= 0 || !blockedMask(entry->d_name, &mask) || (mask & set) == set) continue;
    lacking++;
    syscall(SYS_tgkill, getpid(), task, request);
  }
  closedir(tasks);
  return lacking;
}

/// Blocks the set in all threads. 0 or an errno.
int blockEverywhere(uint64_t set) {
  int request = SIGRTMAX;
  while (request > SIGRTMIN && (set & bitOf(request)) != 0) request--;
  if ((set & bitOf(request)) != 0) return EINVAL;

  struct sigaction handler = {};
  handler.sa_sigaction = addToMask;
  handler.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&handler.sa_mask);
  struct sigaction before = {};
  maskToAdd = set;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sigaction(request, &handler, &before) < 0) return errno;

  int result = ETIMEDOUT;
  for (int round = 0; round < kRoundsMax; round++) {
    const int lacking = askThreads(set, request);
    if (lacking <= 0) {
      result = lacking < 0 ? errno : 0;
      break;
    }
    const timespec pause = {0, round < kSlowRoundsAfter ? kRoundPauseNsec : 10 * kRoundPauseNsec};
    nanosleep(&pause, nullptr);
  }
  // A request still on its way would kill us under the default action, so a handler that was never there becomes "ignore".
  if (result != 0 && before.sa_handler == SIG_DFL) before.sa_handler = SIG_IGN;
  sigaction(request, &before, nullptr);
  return result;
}

/// Those nobody was told of yet.
napi_value signalsInHand(napi_env env, const InHand& hand) {
  napi_value list;
  napi_create_array(env, &list);
  uint32_t count = 0;
  for (const signalfd_siginfo& each : hand.signals) {
    if (each.ssi_signo == 0) continue;
    napi_value record;
    napi_create_object(env, &record);
    setMember(env, record, "signal", each.ssi_signo);
    setMember(env, record, "pid", each.ssi_pid);
    setMember(env, record, "uid", each.ssi_uid);
    setMember(env, record, "value", each.ssi_int);
    napi_set_element(env, list, count++, record);
  }
  return list;
}

}  // namespace

napi_value signalOpen(napi_env env, napi_callback_info info) {
  Call call(env, info, "signalOpen", 1);
  const std::vector<int> signals = call.integers(0, "signals", 1, 64);
  if (!call.ok()) return nullptr;
  // Read by the poll set, whoever asks for signals: pollChildren.
  uint64_t mask = bitOf(SIGCHLD);
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    mask |= bitOf(signal);
    sigaddset(&set, signal);
  }
  mask &= ~(bitOf(SIGKILL) | bitOf(SIGSTOP));
  const int error = blockEverywhere(mask);
  if (error != 0) return errnoValue(env, error);
  return outcome(env, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

napi_value signalRead(napi_env env, napi_callback_info info) {
  Call call(env, info, "signalRead", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  InHand& hand = inHand();
  hand.signalAt = nextSequence();
  const ssize_t bytes = ::read(fd, hand.signals, sizeof hand.signals);
  if (bytes < 0 && errno != EAGAIN) return errnoValue(env, errno);
  if (bytes > 0) passFaultPoint(FaultPoint::afterReceive);
  // Whoever reads again has told what he read before.
  const size_t count = bytes < 0 ? 0 : static_cast<size_t>(bytes) / sizeof *hand.signals;
  std::for_each(std::begin(hand.signals) + count, std::end(hand.signals), [](signalfd_siginfo& each) { each.ssi_signo = 0; });
  return signalsInHand(env, hand);
}

napi_value heldSignals(napi_env env, napi_callback_info) {
  InHand& hand = inHand();
  napi_value result;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "records", signalsInHand(env, hand));
  setMember(env, result, "at", hand.signalAt);
  const bool any = std::any_of(std::begin(hand.signals), std::end(hand.signals), [](const signalfd_siginfo& each) { return each.ssi_signo != 0; });
  hand.signalDeaths = any ? hand.signalDeaths + 1 : 0;
  setMember(env, result, "deaths", static_cast<double>(hand.signalDeaths));
  return result;
}

napi_value signalTold(napi_env env, napi_callback_info) {
  InHand& hand = inHand();
  for (signalfd_siginfo& each : hand.signals) {
    if (each.ssi_signo == 0) continue;
    hand.signalAt = nextSequence();
    each.ssi_signo = 0;
    hand.signalDeaths = 0;
    break;
  }
  return numberValue(env, 0);
}

}  // namespace heartwood

// Process 1 that dies takes everything with it. So a death is turned into a new beginning: the same process executes the same program
// again, which finds its state in the checkpoint and its children where they were.
//
// Three ways lead there: a fatal signal (a handler on a stack of its own), a call of exit nobody should make (atexit), and a main
// thread that does not come back to its loop (a watchdog thread). From the signal on only async-signal-safe calls are made, and all
// they need was prepared before: signal-safety(7).
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"
#include "addon/in-hand.h"

extern "C" {
struct uv_loop_s;
struct uv_prepare_s;
struct uv_check_s;
struct uv_handle_s;
size_t uv_handle_size(int type);
const char* uv_handle_type_name(int type);
int uv_prepare_init(uv_loop_s* loop, uv_prepare_s* handle);
int uv_prepare_start(uv_prepare_s* handle, void (*callback)(uv_prepare_s* handle));
int uv_check_init(uv_loop_s* loop, uv_check_s* handle);
int uv_check_start(uv_check_s* handle, void (*callback)(uv_check_s* handle));
void uv_unref(uv_handle_s* handle);
}

namespace heartwood {

namespace {

constexpr int kFatalSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
constexpr size_t kStackBytes = 64 << 10;
/// Dying so often without progress in between means that starting again does not help.
constexpr uint32_t kDeathsInRowMax = 10;
/// Who lives for so long lives: with nothing to do, no progress can be asked for.
constexpr double kAliveUsec = 10'000'000;
/// What makes the manager die may pass (memory that somebody else holds): from this death in a row on it waits before it tries again,
/// twice as long each time. All pauses together are a little more than six seconds.
constexpr uint32_t kDeathsWithoutPause = 3;
constexpr int64_t kFirstPauseNsec = 50'000'000;
/// A hang is told by this many looks in a row that see the same turn. Looks, not time: a stopped process misses looks as well.
constexpr int kLooksMax = 4;
/// A recovery is one long turn: it reads the files of all units again, on a machine that may be slow or busy. Taken for a hang, it would be
/// begun again and again until the rescue program takes over.
constexpr int kLooksMaxInRecovery = 8 * kLooksMax;
constexpr int kUvCheckType = 2;
constexpr int kUvPrepareType = 9;

struct Guard {
  /// Whose death is turned into a beginning: not a child's between clone and exec, which shares this memory.
  pid_t pid = 0;
  pid_t mainThread = 0;
  std::vector<std::string> argvTexts;
  std::vector<std::string> environmentTexts;
  std::string path;
  std::string rescue;
  char** argv = nullptr;
  /// The command line of the rescue program; the text of its --control is filled in at a death.
  char** rescueArgv = nullptr;
  char** environment = nullptr;
  /// A death is nothing special any more: the manager ends on purpose.
  std::atomic<bool> ended{true};
  std::atomic<bool> dying{false};
  std::atomic<bool> hanging{false};
  /// 1 while the main thread is outside of its loop's wait. A futex, on which the watchdog sleeps while there is nothing to watch.
  std::atomic<uint32_t> busy{1};
  /// What the kernel sends us when our parent dies (setpriv --pdeathsig, unshare --kill-child); 0 = nothing. It is a thread's own, and would
  /// be lost by an execve of another thread than the one it was set for.
  int parentDeathSignal = 0;
  std::atomic<bool> watchdogSleeps{false};
  std::atomic<uint64_t> turns{0};
  int64_t lookNsec = 0;
};

Guard guard;

char** pointersTo(std::vector<std::string>& texts) {
  auto** pointers = new char*[texts.size() + 1];
  for (size_t i = 0; i < texts.size(); i++) pointers[i] = texts[i].data();
  pointers[texts.size()] = nullptr;
  return pointers;
}

double nowUsec() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void say(const char* text) {
  if (::write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

void setCloexec(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0) fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
}

/// Everything closes on exec but the standard streams, the checkpoint, what the checkpoint says is kept, and what came with a message that
/// nobody was told of.
void markKeptFds(bool kept) {
  constexpr unsigned kCloseRangeCloexec = 4;
  // An old kernel without it: every descriptor of ours was opened close-on-exec anyway.
  syscall(SYS_close_range, 3U, ~0U, kCloseRangeCloexec);
  for (int fd = 0; fd <= 2; fd++) setCloexec(fd, !kept);
  setCloexec(mappedCheckpoint.fd, !kept);
  const auto* bits = reinterpret_cast<const uint8_t*>(mappedCheckpoint.header) + kKeptBitsOffset;
  for (int byte = 0; byte < kKeptFdMax / 8; byte++) {
    for (int bit = 0; bits[byte] != 0 && bit < 8; bit++) {
      if ((bits[byte] >> bit & 1) != 0) setCloexec(byte * 8 + bit, !kept);
    }
  }
  eachFdInHand([kept](int fd) { setCloexec(fd, !kept); });
}

/// Nothing could be executed. The kernel must not see process 1 end; orphans must not pile up.
[[noreturn]] void stay() {
  say("heartwood: the manager cannot be executed again; processes are only reaped from now on\n");
  if (guard.pid != 1) _exit(EXIT_FAILURE);
  for (;;) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {}
    const timespec pause = {1, 0};
    nanosleep(&pause, nullptr);
  }
}

char rescueControl[12];
/// Filled in at a death.
char rescueReason[160];

/// Everything but the number of the control socket, which is known only later.
char** rescueCommand() {
  static char rescueOption[] = "--rescue";
  static char controlOption[] = "--control";
  static char separator[] = "--";
  std::vector<char*> words = {guard.rescue.data(), rescueOption, rescueReason, controlOption, rescueControl, separator, guard.path.data()};
  for (char** word = guard.argv; *word != nullptr; word++) words.push_back(*word);
  words.push_back(nullptr);
  auto** command = new char*[words.size()];
  std::copy(words.begin(), words.end(), command);
  return command;
}

/// Appends at the end of the text, which stays one. Not by snprintf, which signal-safety(7) does not list.
void append(char* text, size_t size, const char* more) {
  size_t used = strlen(text);
  while (*more != '\0' && used + 1 < size) text[used++] = *more++;
  text[used] = '\0';
}

void appendNumber(char* text, size_t size, int number) {
  char digits[12];
  int at = sizeof digits - 1;
  digits[at] = '\0';
  for (int rest = number; rest > 0 || at == sizeof digits - 1; rest /= 10) digits[--at] = static_cast<char>('0' + rest % 10);
  append(text, size, digits + at);
}

/// @param executeErrno why the manager could not be executed again; 0: it was not tried, for it had died too often
void writeRescueReason(int executeErrno) {
  const CheckpointHeader* header = mappedCheckpoint.header;
  rescueReason[0] = '\0';
  const size_t size = sizeof rescueReason;
  if (executeErrno != 0) {
    append(rescueReason, size, "it died and could not be executed again, errno ");
    appendNumber(rescueReason, size, executeErrno);
    append(rescueReason, size, "; it died");
  } else {
    append(rescueReason, size, "it died again and again without getting anything done, the last time");
  }
  if (header->deathCode == kDeathByHang) {
    append(rescueReason, size, " because it hung");
  } else if (header->deathCode == kDeathByExit) {
    append(rescueReason, size, " because it called exit");
  } else {
    append(rescueReason, size, " of signal ");
    appendNumber(rescueReason, size, header->deathSignal);
  }
}

void executeRescue(int executeErrno) {
  if (guard.rescue.empty()) return;
  say("heartwood: going over to the rescue program\n");
  rescueControl[0] = '\0';
  if (mappedCheckpoint.header->controlFd > 0) appendNumber(rescueControl, sizeof rescueControl, static_cast<int>(mappedCheckpoint.header->controlFd));
  else append(rescueControl, sizeof rescueControl, "-1");
  writeRescueReason(executeErrno);
  // Whoever starts the manager again from there gives it all its tries anew.
  mappedCheckpoint.header->deathsInRow = 0;
  // It reads nothing of most of them, but services would die of a pipe without a reader.
  markKeptFds(true);
  prctl(PR_SET_PDEATHSIG, guard.parentDeathSignal);
  execve(guard.rescue.c_str(), guard.rescueArgv, guard.environment);
}

/// Not for a death that somebody else sent or asked for: going over to another program would not end that.
void pauseBeforeNextTry(uint32_t deathsInRow) {
  if (deathsInRow <= kDeathsWithoutPause) return;
  const int64_t nsec = kFirstPauseNsec << (deathsInRow - kDeathsWithoutPause - 1);
  const timespec pause = {static_cast<time_t>(nsec / 1'000'000'000), static_cast<long>(nsec % 1'000'000'000)};
  nanosleep(&pause, nullptr);
}

/// @param isOwn the manager's own fault, and not a signal that somebody sent
/// @returns whether the death counts as one in a row: it is the manager's own, and nobody asked for it
bool recordDeath(int signal, int code, bool isOwn) {
  CheckpointHeader* header = mappedCheckpoint.header;
  const bool counts = isOwn && header->deathAsked == 0;
  header->deathAsked = 0;
  const double now = nowUsec();
  const bool lived = header->aliveMonotonicUsec > 0 && now - header->aliveMonotonicUsec >= kAliveUsec;
  if (signal == 0 || lived || header->progress != header->progressAtDeath) header->deathsInRow = 0;
  if (counts) header->deathsInRow++;
  header->progressAtDeath = header->progress;
  header->deathSignal = signal;
  header->deathCode = code;
  header->deathMonotonicUsec = now;
  header->aliveMonotonicUsec = 0;
  return counts;
}

/// Returns only when execve failed.
int execute() {
  markKeptFds(true);
  prctl(PR_SET_PDEATHSIG, guard.parentDeathSignal);
  execve(guard.path.c_str(), guard.argv, guard.environment);
  return errno;
}

[[noreturn]] void dieAndRise(int signal, int code, bool isOwn) {
  // A second death on the way: whatever it was, the record is written or beyond repair.
  const bool counts = !guard.dying.exchange(true) && recordDeath(signal, code, isOwn);
  const uint32_t deathsInRow = mappedCheckpoint.header->deathsInRow;
  if (deathsInRow > kDeathsInRowMax) executeRescue(0);
  else if (counts) pauseBeforeNextTry(deathsInRow);
  executeRescue(execute());
  stay();
}

void onFatalSignal(int signal, siginfo_t* info, void*) {
  // getpid(2) without the library: this may be the child of a clone that shares our memory.
  if (syscall(SYS_getpid) != guard.pid || guard.ended) {
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    sigaction(signal, &plain, nullptr);
    if (info->si_code <= 0) syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), signal);
    return;
  }
  // Codes above 0 are the kernel's own finding; the others tell who sent the signal, 0 for somebody of another PID name space.
  const bool isSent = info->si_code <= 0 && info->si_pid != guard.pid;
  dieAndRise(signal, guard.hanging ? kDeathByHang : info->si_code, !isSent);
}

void onExit() {
  if (!guard.ended && getpid() == guard.pid) dieAndRise(SIGABRT, kDeathByExit, true);
}

void onPrepare(uv_prepare_s*) { guard.busy = 0; }

void onCheck(uv_check_s*) {
  guard.turns++;
  guard.busy = 1;
  if (guard.watchdogSleeps) syscall(SYS_futex, &guard.busy, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// An idle manager does not wake up: the watchdog looks only while the loop turns. Either the wake-up is seen or the value is.
void sleepWhileIdle() {
  guard.watchdogSleeps = true;
  while (guard.busy == 0) syscall(SYS_futex, &guard.busy, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  guard.watchdogSleeps = false;
}

void* watch(void*) {
  uint64_t seen = 0;
  int looks = 0;
  for (;;) {
    sleepWhileIdle();
    const timespec pause = {static_cast<time_t>(guard.lookNsec / 1'000'000'000), static_cast<long>(guard.lookNsec % 1'000'000'000)};
    nanosleep(&pause, nullptr);
    if (guard.ended) continue;
    const uint64_t turns = guard.turns;
    looks = guard.busy != 0 && turns == seen ? looks + 1 : 0;
    seen = turns;
    const int most = mappedCheckpoint.header->aliveMonotonicUsec > 0 ? kLooksMax : kLooksMaxInRecovery;
    if (looks < most) continue;
    // First through the main thread, so that a parent-death signal of its children is not set off; when even a signal does not reach
    // it (it waits for a child of vfork), from here.
    guard.hanging = true;
    if (looks == most) syscall(SYS_tgkill, guard.pid, guard.mainThread, SIGABRT);
    else dieAndRise(SIGABRT, kDeathByHang, true);
  }
}

bool watchLoop(napi_env env) {
  const char* check = uv_handle_type_name(kUvCheckType);
  const char* prepare = uv_handle_type_name(kUvPrepareType);
  uv_loop_s* loop = nullptr;
  if (check == nullptr || strcmp(check, "check") != 0 || prepare == nullptr || strcmp(prepare, "prepare") != 0) return false;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return false;
  auto* before = static_cast<uv_prepare_s*>(calloc(1, uv_handle_size(kUvPrepareType)));
  auto* after = static_cast<uv_check_s*>(calloc(1, uv_handle_size(kUvCheckType)));
  if (before == nullptr || after == nullptr) return false;
  uv_prepare_init(loop, before);
  uv_prepare_start(before, onPrepare);
  uv_unref(reinterpret_cast<uv_handle_s*>(before));
  uv_check_init(loop, after);
  uv_check_start(after, onCheck);
  uv_unref(reinterpret_cast<uv_handle_s*>(after));
  pthread_t thread;
  sigset_t all;
  sigset_t former;
  sigfillset(&all);
  // A fault in a thread that blocks its signal would be the end of the process, handler or not.
  for (const int signal : kFatalSignals) sigdelset(&all, signal);
  pthread_sigmask(SIG_SETMASK, &all, &former);
  const int result = pthread_create(&thread, nullptr, watch, nullptr);
  pthread_sigmask(SIG_SETMASK, &former, nullptr);
  return result == 0;
}

/// Runs through the stack's end.
[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return recurse(depth + 1) + frame[0];
}

}  // namespace

/// Without the preloaded library there is nobody to tell.
void tellStartIsOver(bool guarded) {
  using StartIsOver = void(int);
  auto* tell = reinterpret_cast<StartIsOver*>(dlsym(RTLD_DEFAULT, "heartwood_start_is_over"));
  if (tell != nullptr) tell(guarded ? 1 : 0);
}

bool guardIsUp() { return guard.argv != nullptr; }

napi_value guardStart(napi_env env, napi_callback_info info) {
  Call call(env, info, "guardStart", 5);
  std::string path = call.text(0, "path");
  std::vector<std::string> argv = call.texts(1, "argv");
  std::vector<std::string> environment = call.texts(2, "env");
  const std::optional<std::string> rescue = call.textOrNull(3, "rescue");
  const int64_t hangMsec = call.integer(4, "hangMsec", 40, 1 << 30);
  if (!call.ok()) return nullptr;
  if (mappedCheckpoint.header == nullptr) return errnoValue(env, EBADF);
  if (guard.argv != nullptr) return errnoValue(env, EALREADY);
  guard.pid = getpid();
  guard.mainThread = static_cast<pid_t>(syscall(SYS_gettid));
  prctl(PR_GET_PDEATHSIG, &guard.parentDeathSignal);
  guard.path = std::move(path);
  guard.rescue = rescue.value_or("");
  guard.argvTexts = std::move(argv);
  guard.environmentTexts = std::move(environment);
  guard.argv = pointersTo(guard.argvTexts);
  guard.environment = pointersTo(guard.environmentTexts);
  guard.rescueArgv = rescueCommand();
  guard.lookNsec = hangMsec * 1'000'000 / kLooksMax;
  static char stack[kStackBytes];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  if (sigaltstack(&alternate, nullptr) < 0) return errnoValue(env, errno);
  struct sigaction action = {};
  action.sa_sigaction = onFatalSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kFatalSignals) sigaction(signal, &action, nullptr);
  if (atexit(onExit) != 0) return errnoValue(env, ENOMEM);
  guard.ended = false;
  tellStartIsOver(true);
  return watchLoop(env) ? numberValue(env, 0) : errnoValue(env, ENOSYS);
}

napi_value guardEnd(napi_env env, napi_callback_info) {
  guard.ended = true;
  return numberValue(env, 0);
}

napi_value commitFault(napi_env env, napi_callback_info info) {
  Call call(env, info, "commitFault", 1);
  const std::string how = call.text(0, "how");
  if (!call.ok()) return nullptr;
  if (how == "recursion") recurse(0);
  for (volatile bool forever = true; forever;) {}
  return nullptr;
}

napi_value guardExecute(napi_env env, napi_callback_info) {
  if (guard.ended) return errnoValue(env, EPERM);
  recordDeath(0, 0, false);
  const int error = execute();
  markKeptFds(false);
  mappedCheckpoint.header->aliveMonotonicUsec = nowUsec();
  return errnoValue(env, error);
}

}  // namespace heartwood

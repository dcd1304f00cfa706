// One epoll set, watched by Node's loop through one uv_poll handle, with one timer in it.
//
// Node-API comes without uv.h, but Node exports libuv: the few functions are declared here by hand, and the handle is allocated at
// the size libuv names. `pollStart` checks that the handle type means what is believed here.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"
#include "addon/reap.h"

extern "C" {
struct uv_loop_s;
struct uv_poll_s;
size_t uv_handle_size(int type);
const char* uv_handle_type_name(int type);
int uv_poll_init(uv_loop_s* loop, uv_poll_s* handle, int fd);
int uv_poll_start(uv_poll_s* handle, int events, void (*callback)(uv_poll_s* handle, int status, int events));
void uv_close(uv_poll_s* handle, void (*callback)(uv_poll_s* handle));
}

namespace heartwood {

namespace {

constexpr int kUvPollType = 8;
constexpr int kUvReadable = 1;
constexpr int kUvPrioritized = 8;
/// Ready fds taken by one wake-up: bounds the length of a turn; what is left is still ready in the next.
constexpr int kReadyMax = 256;
constexpr uint64_t kTimerToken = 0;
/// Times that the set is looked at again after only strangers had ended: a loop of Node's for each would be most of the work. Bounded,
/// because Node's own sources wait as long.
constexpr int kQuietRoundsMax = 64;
constexpr int64_t kUsecPerSec = 1'000'000;
constexpr int64_t kNsecPerUsec = 1'000;
/// Tokens are whole numbers that JavaScript can hold.
constexpr int64_t kTokenMax = (int64_t{1} << 53) - 1;

/// A table in /proc that is watched, see pollAddTable.
struct Table {
  uv_poll_s* handle = nullptr;
  uint64_t token = 0;
};

/// Mounts and swaps.
constexpr int kTablesMax = 2;

struct PollSet {
  napi_env env = nullptr;
  int epoll = -1;
  int timer = -1;
  /// Readable when a child has ended.
  int children = -1;
  uint64_t childrenToken = 0;
  uv_poll_s* handle = nullptr;
  Table tables[kTablesMax];
  napi_ref onReady = nullptr;
  napi_async_context context = nullptr;
};

PollSet set;

void deliver(napi_env env, const epoll_event* events, int count) {
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_value flat;
  napi_create_array_with_length(env, static_cast<size_t>(count) * 2, &flat);
  for (int i = 0; i < count; i++) {
    napi_set_element(env, flat, static_cast<uint32_t>(2 * i), numberValue(env, static_cast<double>(events[i].data.u64)));
    napi_set_element(env, flat, static_cast<uint32_t>(2 * i + 1), numberValue(env, events[i].events));
  }
  napi_value onReady;
  napi_value receiver;
  napi_get_reference_value(env, set.onReady, &onReady);
  napi_get_global(env, &receiver);
  if (napi_make_callback(env, set.context, receiver, onReady, 1, &flat, nullptr) == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

/// SIGCHLD came: reaps. Returns whether JavaScript has to hear of it.
bool takeChildren() {
  // One is pending for the process and one for the thread at most, so a single read leaves none.
  signalfd_siginfo records[2];
  [[maybe_unused]] const ssize_t taken = ::read(set.children, records, sizeof records);
  return reapBeforehand();
}

void onReadable(uv_poll_s*, int, int) {
  epoll_event events[kReadyMax];
  for (int round = 0; round < kQuietRoundsMax; round++) {
    const int ready = epoll_wait(set.epoll, events, kReadyMax, 0);
    int count = 0;
    for (int i = 0; i < ready; i++) {
      epoll_event& event = events[i];
      if (set.children >= 0 && event.data.u64 == set.childrenToken && !takeChildren()) continue;
      // Taken here, so that a timer nobody arms again does not stay ready.
      uint64_t expirations;
      if (event.data.u64 == kTimerToken && ::read(set.timer, &expirations, sizeof expirations) < 0) event.events = 0;
      events[count++] = event;
    }
    if (count > 0) deliver(set.env, events, count);
    if (count > 0 || ready <= 0) return;
  }
}

void onTableChanged(uv_poll_s* handle, int, int) {
  for (const Table& table : set.tables) {
    if (table.handle != handle) continue;
    epoll_event event = {};
    event.events = EPOLLPRI;
    event.data.u64 = table.token;
    deliver(set.env, &event, 1);
    return;
  }
}

void closeFds() {
  if (set.children >= 0) ::close(set.children);
  if (set.timer >= 0) ::close(set.timer);
  if (set.epoll >= 0) ::close(set.epoll);
  set.timer = set.epoll = set.children = -1;
}

napi_value control(napi_env env, int operation, int fd, uint64_t token, uint32_t events) {
  if (set.epoll < 0) return errnoValue(env, EBADF);
  epoll_event event = {};
  event.events = events;
  event.data.u64 = token;
  return done(env, epoll_ctl(set.epoll, operation, fd, &event));
}

napi_value addOrModify(napi_env env, napi_callback_info info, const char* name, int operation) {
  Call call(env, info, name, 3);
  const int fd = call.fd(0, "fd");
  const int64_t token = call.integer(1, "token", 1, kTokenMax);
  const auto events = static_cast<uint32_t>(call.integer(2, "events", 0, UINT32_MAX));
  if (!call.ok()) return nullptr;
  return control(env, operation, fd, static_cast<uint64_t>(token), events);
}

double usecOf(clockid_t clockId) {
  timespec now = {};
  clock_gettime(clockId, &now);
  return static_cast<double>(now.tv_sec * kUsecPerSec + now.tv_nsec / kNsecPerUsec);
}

}  // namespace

napi_value pollStart(napi_env env, napi_callback_info info) {
  Call call(env, info, "pollStart", 1);
  const napi_value onReady = call.function(0, "onReady");
  if (!call.ok()) return nullptr;
  if (set.handle != nullptr) return errnoValue(env, EALREADY);
  const char* typeName = uv_handle_type_name(kUvPollType);
  uv_loop_s* loop = nullptr;
  if (typeName == nullptr || strcmp(typeName, "poll") != 0 || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return errnoValue(env, ENOSYS);
  }
  set.epoll = epoll_create1(EPOLL_CLOEXEC);
  set.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  epoll_event timerEvent = {};
  timerEvent.events = EPOLLIN;
  timerEvent.data.u64 = kTimerToken;
  if (set.epoll < 0 || set.timer < 0 || epoll_ctl(set.epoll, EPOLL_CTL_ADD, set.timer, &timerEvent) < 0) {
    const int error = errno;
    closeFds();
    return errnoValue(env, error);
  }
  auto* handle = static_cast<uv_poll_s*>(calloc(1, uv_handle_size(kUvPollType)));
  if (handle == nullptr || uv_poll_init(loop, handle, set.epoll) < 0) {
    free(handle);
    closeFds();
    return errnoValue(env, ENOMEM);
  }
  // The loop is about to turn. What comes before it is short, and may be slow only on a machine that is.
  tellStartIsOver(false);
  set.env = env;
  set.handle = handle;
  napi_create_reference(env, onReady, 1, &set.onReady);
  napi_async_init(env, nullptr, textValue(env, "heartwood:poll", NAPI_AUTO_LENGTH), &set.context);
  uv_poll_start(handle, kUvReadable, onReadable);
  return numberValue(env, 0);
}

napi_value pollStop(napi_env env, napi_callback_info) {
  if (set.handle == nullptr) return errnoValue(env, EALREADY);
  uv_close(set.handle, [](uv_poll_s* handle) { free(handle); });
  for (Table& table : set.tables) {
    if (table.handle != nullptr) uv_close(table.handle, [](uv_poll_s* handle) { free(handle); });
    table.handle = nullptr;
  }
  set.handle = nullptr;
  closeFds();
  napi_delete_reference(env, set.onReady);
  napi_async_destroy(env, set.context);
  return numberValue(env, 0);
}

napi_value pollAdd(napi_env env, napi_callback_info info) { return addOrModify(env, info, "pollAdd", EPOLL_CTL_ADD); }

napi_value pollModify(napi_env env, napi_callback_info info) { return addOrModify(env, info, "pollModify", EPOLL_CTL_MOD); }

napi_value pollRemove(napi_env env, napi_callback_info info) {
  Call call(env, info, "pollRemove", 1);
  const int fd = call.fd(0, "fd");
  if (!call.ok()) return nullptr;
  return control(env, EPOLL_CTL_DEL, fd, 0, 0);
}

// The kernel tells each change of such a table once, to the first who polls: within our set that would be Node's loop, which looks
// whether the set is ready, and the set itself would then find nothing. So the loop watches the file directly.
napi_value pollAddTable(napi_env env, napi_callback_info info) {
  Call call(env, info, "pollAddTable", 2);
  const int fd = call.fd(0, "fd");
  const int64_t token = call.integer(1, "token", 1, kTokenMax);
  if (!call.ok()) return nullptr;
  if (set.handle == nullptr) return errnoValue(env, EBADF);
  Table* table = nullptr;
  for (Table& each : set.tables) {
    if (each.handle == nullptr && table == nullptr) table = &each;
  }
  if (table == nullptr) return errnoValue(env, EBUSY);
  uv_loop_s* loop = nullptr;
  auto* handle = static_cast<uv_poll_s*>(calloc(1, uv_handle_size(kUvPollType)));
  if (handle == nullptr || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    free(handle);
    return errnoValue(env, ENOMEM);
  }
  const int result = uv_poll_init(loop, handle, fd);
  if (result < 0) {
    free(handle);
    return errnoValue(env, -result);
  }
  table->handle = handle;
  table->token = static_cast<uint64_t>(token);
  uv_poll_start(handle, kUvPrioritized, onTableChanged);
  return numberValue(env, 0);
}

napi_value pollTimer(napi_env env, napi_callback_info info) {
  Call call(env, info, "pollTimer", 1);
  int64_t due = -1;
  if (!call.isNull(call.argument(0))) due = call.integer(0, "dueMonotonicUsec", 0, kTokenMax);
  if (!call.ok()) return nullptr;
  if (set.timer < 0) return errnoValue(env, EBADF);
  itimerspec timer = {};
  if (due >= 0) {
    timer.it_value.tv_sec = static_cast<time_t>(due / kUsecPerSec);
    timer.it_value.tv_nsec = static_cast<long>(due % kUsecPerSec * kNsecPerUsec);
    // All zeros would disarm; the instant 0 is long past.
    if (due == 0) timer.it_value.tv_nsec = 1;
  }
  return done(env, timerfd_settime(set.timer, TFD_TIMER_ABSTIME, &timer, nullptr));
}

napi_value pollChildren(napi_env env, napi_callback_info info) {
  Call call(env, info, "pollChildren", 1);
  const int64_t token = call.integer(0, "token", 1, kTokenMax);
  if (!call.ok()) return nullptr;
  if (set.epoll < 0) return errnoValue(env, EBADF);
  if (set.children >= 0) return errnoValue(env, EALREADY);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return errnoValue(env, errno);
  set.children = fd;
  set.childrenToken = static_cast<uint64_t>(token);
  return control(env, EPOLL_CTL_ADD, fd, set.childrenToken, EPOLLIN);
}

napi_value clock(napi_env env, napi_callback_info) { return pairValue(env, usecOf(CLOCK_MONOTONIC), usecOf(CLOCK_REALTIME)); }

napi_value clockChangeFd(napi_env env, napi_callback_info) {
  const int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return errnoValue(env, errno);
  // Armed at the end of time, it never fires; it is cancelled, and so readable (read gives ECANCELED), when the clock is set.
  itimerspec never = {};
  never.it_value.tv_sec = static_cast<time_t>(INT64_MAX / 1'000'000'000 - 1);
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) < 0) {
    const int error = errno;
    ::close(fd);
    return errnoValue(env, error);
  }
  return numberValue(env, fd);
}

}  // namespace heartwood

// What `spawn` asks of the kernel, with everything from JavaScript already turned into plain memory: the child may only read it.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace heartwood {

/// Where a spawn failed; the order is that of the work.
enum class SpawnStage : int { none, clone, cgroup, session, tty, stdio, limits, nice, oom, credentials, chdir, exec };

struct PlannedLimit {
  int resource;
  rlimit limit;
};

/// A place in the environment where the child writes its own pid, with room for ten digits and a NUL.
constexpr size_t kPidDigitsMax = 10;

enum class SessionKeyring { inherited, ofItsOwn, withThatOfTheUser };

struct SpawnPlan {
  const char* path;
  char* const* argv;
  char* const* env;
  const char* cwd;
  /// Become 0, 1, 2, … of the child. The child changes the array while it moves them.
  int* fds;
  int fdCount;
  int cgroupFd;
  int controllingTty;
  mode_t umask;
  const PlannedLimit* limits;
  size_t limitCount;
  char* const* pidPlaces;
  size_t pidPlaceCount;
  const gid_t* groups;
  size_t groupCount;
  uid_t uid;
  gid_t gid;
  int nice;
  int oomScoreAdjust;
  bool hasCredentials;
  bool hasNice;
  bool hasOomScoreAdjust;
  bool noNewPrivileges;
  bool ignoreSigpipe;
  bool newSession;
  bool sameGroup;
  SessionKeyring keyring;
};

/// One child on its way from clone to its own program. Stays where it is, with all that the plan points to, until finishBirth().
struct Birth {
  SpawnPlan plan = {};
  /// Made at the first use and kept.
  char* stack = nullptr;
  bool joinCgroup = false;
  /// 1 as long as the child runs on our memory; the kernel clears it and wakes the waiter.
  int sharesMemory = 0;
  /// Written by the child when it fails, valid after finishBirth(). A failed clone sets them at once.
  volatile SpawnStage stage = SpawnStage::none;
  volatile int error = 0;
  pid_t pid = -1;
  int pidfd = -1;
  /// Where the pid is written down for a next engine; `unrecorded` when there is no such place.
  int* recorded = nullptr;
  int unrecorded = 0;
};

/// Starts the planned process and does not wait for it. Only the main thread may.
void beginBirth(Birth* birth);

/// Waits until the child has executed its program or failed; a failed one is reaped. Does nothing when there is nothing to wait for.
void finishBirth(Birth* birth);

}  // namespace heartwood

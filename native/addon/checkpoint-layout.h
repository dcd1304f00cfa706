// The first pages of the checkpoint's shared memory, as native code and src/host/checkpoint/checkpoint-memory.ts both know them.
//
// Native code writes the record of a death, the births of a batch and the exits nobody was told of yet, and reads which descriptors are
// kept; everything behind belongs to TypeScript.
#pragma once

#include <cstddef>
#include <cstdint>

#include "addon/checkpoint-places.h"

namespace heartwood {

struct CheckpointHeader {
  uint32_t magic;
  uint32_t layout;
  /// Deaths of its own since the manager last made progress.
  uint32_t deathsInRow;
  /// What ended the last engine: a signal, or 0 when it executed itself anew on purpose.
  int32_t deathSignal;
  /// si_code of that signal, or one of the kDeath values.
  int32_t deathCode;
  /// The listening control socket, which the rescue program serves in the manager's place; 0 = none.
  int32_t controlFd;
  double deathMonotonicUsec;
  /// When the engine was back at work; 0 while it starts.
  double aliveMonotonicUsec;
  /// A place in the program where the engine is to die, for drills; 0 = none. Set by TypeScript, which knows the names.
  uint32_t faultPoint;
  /// How often that place is passed unharmed first, and how many deaths there are to be.
  uint32_t faultPasses;
  uint32_t faultDeaths;
  uint32_t faultSignal;
  /// Grows whenever something is behind the manager for good (TypeScript knows what counts), and what it was at the last death.
  uint32_t progress;
  uint32_t progressAtDeath;
  /// Entries of the two tables below. Both are reset by TypeScript.
  uint32_t birthCount;
  uint32_t exitCount;
  /// Of these exits the engine has been told, and has written it down.
  uint32_t exitsTold;
  /// Somebody asked for the next death, and only for that one: like a signal that was sent, it is no fault of the manager's.
  uint32_t deathAsked;
  /// The drill at faultPoint is to be a crash loop: its deaths add up.
  uint32_t faultIsLoop;
  uint32_t reserved3[11];
  /// Where the engine is within its work: TypeScript's alone.
  double position[6];
  /// Index, within the batch in hand, of the effect that a process started now is born of.
  double birthEffect;
  /// Sequence number of the next event that is written down.
  double queuedSequence;
};
static_assert(offsetof(CheckpointHeader, controlFd) == CHECKPOINT_CONTROL_FD_OFFSET);
static_assert(offsetof(CheckpointHeader, faultPoint) == 40);
static_assert(offsetof(CheckpointHeader, progress) == 56);
static_assert(offsetof(CheckpointHeader, birthCount) == 64);
static_assert(offsetof(CheckpointHeader, deathAsked) == 76);
static_assert(offsetof(CheckpointHeader, birthEffect) == 176);
static_assert(offsetof(CheckpointHeader, queuedSequence) == 184);

/// Of one effect that starts a process. The kernel itself stores the pid, before the child runs and before clone returns: whatever the
/// engine dies of, it is known who was born. 0 = nobody (yet, or it came to nothing and is forgotten).
struct BirthRecord {
  int32_t effect;
  int32_t pid;
};

/// A child that was reaped. What stands between the reaping and this record is in hand (addon/in-hand.h), so that no exit is lost.
struct ExitRecord {
  int32_t pid;
  /// CLD_EXITED and its kin of waitid(2).
  int32_t code;
  int32_t status;
  uint32_t uid;
  double userUsec;
  double systemUsec;
  double maxRssBytes;
  double reserved;
};
static_assert(sizeof(ExitRecord) == 48);

constexpr int32_t kDeathByExit = -1001;
constexpr int32_t kDeathByHang = -1002;

/// One bit for each descriptor that lives through execve.
constexpr size_t kKeptBitsOffset = 4096;
constexpr int kKeptFdMax = 32768;
constexpr size_t kBirthsOffset = kKeptBitsOffset + kKeptFdMax / 8;
/// A batch takes 4096 events, and hardly one of them starts more than one process.
constexpr size_t kBirthsMax = 65536;
constexpr size_t kExitsOffset = kBirthsOffset + kBirthsMax * sizeof(BirthRecord);
/// Exits taken in one wake-up: some 50 ms of work.
constexpr size_t kExitsMax = 8192;
/// At the very end of the memory: what the kernel gave away and no event tells of yet (addon/in-hand.h).
constexpr size_t kInHandBytes = 128 << 10;
constexpr size_t kNativeEnd = kExitsOffset + kExitsMax * sizeof(ExitRecord);

/// Places where a drill may let the engine die; TypeScript's list is FAULT_POINTS in src/host/fault-points.ts.
enum class FaultPoint : uint32_t { none = 0, afterRecord = 1, afterReap = 2, afterSpawn = 3, afterReceive = 11 };

}  // namespace heartwood

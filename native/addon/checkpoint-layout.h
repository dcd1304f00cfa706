// The first pages of the checkpoint's shared memory, as native code and src/host/checkpoint/checkpoint-memory.ts both know them.
//
// Native code writes the record of a death and reads which descriptors are kept; everything behind belongs to TypeScript.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heartwood {

struct CheckpointHeader {
  uint32_t magic;
  uint32_t layout;
  /// Deaths since the manager last lived for a while.
  uint32_t deathsInRow;
  /// What ended the last engine: a signal, or 0 when it executed itself anew on purpose.
  int32_t deathSignal;
  /// si_code of that signal, or one of the kDeath values.
  int32_t deathCode;
  uint32_t reserved;
  double deathMonotonicUsec;
  /// When the engine was back at work; 0 while it starts.
  double aliveMonotonicUsec;
};

constexpr int32_t kDeathByExit = -1001;
constexpr int32_t kDeathByHang = -1002;

/// One bit for each descriptor that lives through execve.
constexpr size_t kKeptBitsOffset = 4096;
constexpr int kKeptFdMax = 32768;
constexpr size_t kKeptBitsEnd = kKeptBitsOffset + kKeptFdMax / 8;

}  // namespace heartwood

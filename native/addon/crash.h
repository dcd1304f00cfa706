// The checkpoint's memory as the crash guard sees it.
#pragma once

#include "addon/checkpoint-layout.h"

namespace heartwood {

/// The mapped checkpoint, null before `checkpointMap`; and the descriptor it was mapped from.
struct MappedCheckpoint {
  CheckpointHeader* header = nullptr;
  int fd = -1;
  size_t bytes = 0;
};

extern MappedCheckpoint mappedCheckpoint;

/// A death would be turned into a new beginning, by what stands in the mapped memory.
bool guardIsUp();

/// The process was kept from ending while Node started (native/start-keeper). That is no longer told by the time it takes; and with
/// `guarded` it is no longer needed.
void tellStartIsOver(bool guarded);

/// The descriptor lives through execve because the checkpoint says so.
bool isKept(int fd);

/// Dies here when a drill asks for it.
void passFaultPoint(FaultPoint point);

/// A place for the pid of the process that the effect in hand is about to start. Null without a checkpoint.
BirthRecord* newBirthRecord();

/// Exits that were seen: with a checkpoint, in its memory.
struct ExitTable {
  ExitRecord* records;
  uint32_t* count;
  uint32_t* told;
};

ExitTable exitTable();

}  // namespace heartwood

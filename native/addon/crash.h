// The checkpoint's memory as the crash guard sees it.
#pragma once

#include "addon/checkpoint-layout.h"

namespace heartwood {

/// The mapped checkpoint, null before `checkpointMap`; and the descriptor it was mapped from.
struct MappedCheckpoint {
  CheckpointHeader* header = nullptr;
  int fd = -1;
};

extern MappedCheckpoint mappedCheckpoint;

}  // namespace heartwood

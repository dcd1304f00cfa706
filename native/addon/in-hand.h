// What was read and is in no event yet. The kernel forgets a message or a signal when it is read, and a child when it is reaped, and an
// engine may die at any instruction; so the kernel writes them right into the memory that outlives it. They are cleared there when the
// event is written down, and a child when it stands in the table of exits.
//
// An event may have been written down and not yet cleared here. That is told by its number: who was read when `at` was the number of the
// next event, and finds it given, is in the journal.
#pragma once

#include <cstdint>

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "addon/checkpoint-layout.h"

namespace heartwood {

/// The kernel's own bound on the descriptors of one message (SCM_MAX_FD).
constexpr size_t kFdsMax = 253;
/// The longest notify message taken whole; sd_notify(3) users stay far below.
constexpr size_t kNotifyBytesMax = 64 << 10;
/// Signals of one read: enough that a flood costs few system calls.
constexpr size_t kSignalsMax = 64;

/// Room for credentials and the most descriptors, aligned as cmsg(3) asks.
struct ControlBuffer {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * kFdsMax) + CMSG_SPACE(sizeof(ucred))];
};

/// A child that was reaped; no si_pid when there is none. Clear of the table of exits as long as that has `index` entries.
struct EndInHand {
  siginfo_t child;
  rusage usage;
  uint32_t index;
};

struct InHand {
  /// Sender and descriptors of a notify message, which always has a sender; all zero when there is none.
  ControlBuffer control;
  double notifyAt;
  /// -1: the kernel's word did not come back. Then the text ends with its last byte that is not 0.
  int64_t notifyBytes;
  int64_t notifyFlags;
  char text[kNotifyBytesMax];
  /// Engines that died with it in hand, those that took it over included.
  int64_t notifyDeaths;
  int64_t signalDeaths;
  double signalAt;
  /// Those with a number are still to be told, in this order.
  signalfd_siginfo signals[kSignalsMax];
  EndInHand end;
};
static_assert(sizeof(InHand) <= kInHandBytes);

/// In the checkpoint's memory; without one, in memory that ends with the engine.
InHand& inHand();

/// Descriptors of the message in hand. Async-signal-safe.
template <typename Each>
void eachFdInHand(Each each) {
  ControlBuffer& control = inHand().control;
  msghdr message = {};
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const auto* fds = reinterpret_cast<const int*>(CMSG_DATA(header));
    for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) each(fds[i]);
  }
}

/// The number of the event that will be written down next.
double nextSequence();

}  // namespace heartwood

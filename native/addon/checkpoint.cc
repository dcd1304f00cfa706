// The memory that outlives the engine: a memfd mapped shared, handed to JavaScript as an ArrayBuffer.
//
// A store into it has happened once the instruction is through, whatever becomes of the process: that makes a journal written on
// every event affordable.
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/crash.h"
#include "addon/exports.h"
#include "addon/in-hand.h"

namespace heartwood {

MappedCheckpoint mappedCheckpoint;

namespace {

constexpr int64_t kBytesMax = int64_t{1} << 31;

}  // namespace

void passFaultPoint(FaultPoint point) {
  CheckpointHeader* header = mappedCheckpoint.header;
  if (header == nullptr || header->faultPoint != static_cast<uint32_t>(point)) return;
  if (header->faultPasses > 0) {
    header->faultPasses--;
    return;
  }
  if (--header->faultDeaths == 0) header->faultPoint = 0;
  if (header->faultIsLoop == 0) header->deathAsked = 1;
  raise(static_cast<int>(header->faultSignal));
}

BirthRecord* newBirthRecord() {
  CheckpointHeader* header = mappedCheckpoint.header;
  if (header == nullptr || header->birthCount >= kBirthsMax) return nullptr;
  auto* births = reinterpret_cast<BirthRecord*>(reinterpret_cast<char*>(header) + kBirthsOffset);
  BirthRecord* record = births + header->birthCount;
  record->pid = 0;
  record->effect = static_cast<int32_t>(header->birthEffect);
  header->birthCount++;
  return record;
}

bool isKept(int fd) {
  if (mappedCheckpoint.header == nullptr || fd < 0 || fd >= kKeptFdMax) return false;
  return (reinterpret_cast<const uint8_t*>(mappedCheckpoint.header)[kKeptBitsOffset + static_cast<size_t>(fd) / 8] >> (fd % 8) & 1) != 0;
}

InHand& inHand() {
  static InHand withoutCheckpoint;
  if (mappedCheckpoint.header == nullptr || mappedCheckpoint.bytes < kNativeEnd + kInHandBytes) return withoutCheckpoint;
  return *reinterpret_cast<InHand*>(reinterpret_cast<char*>(mappedCheckpoint.header) + mappedCheckpoint.bytes - kInHandBytes);
}

double nextSequence() { return mappedCheckpoint.header == nullptr ? 0 : mappedCheckpoint.header->queuedSequence; }

ExitTable exitTable() {
  static ExitRecord* withoutCheckpoint = nullptr;
  static uint32_t counts[2];
  CheckpointHeader* header = mappedCheckpoint.header;
  if (header != nullptr) {
    return {reinterpret_cast<ExitRecord*>(reinterpret_cast<char*>(header) + kExitsOffset), &header->exitCount, &header->exitsTold};
  }
  // Pages that are never touched cost nothing here either.
  if (withoutCheckpoint == nullptr) withoutCheckpoint = static_cast<ExitRecord*>(calloc(kExitsMax, sizeof(ExitRecord)));
  return {withoutCheckpoint, &counts[0], &counts[1]};
}

napi_value checkpointMap(napi_env env, napi_callback_info info) {
  Call call(env, info, "checkpointMap", 2);
  const int fd = call.fd(0, "fd");
  const auto bytes = static_cast<size_t>(call.integer(1, "bytes", kNativeEnd, kBytesMax));
  if (!call.ok()) return nullptr;
  // What was mapped turned out to be of no use, and is let go before anything relies on it; nobody looks into its parts again.
  if (mappedCheckpoint.header != nullptr) {
    if (guardIsUp()) return errnoValue(env, EALREADY);
    munmap(mappedCheckpoint.header, mappedCheckpoint.bytes);
    mappedCheckpoint = {};
  }
  // Pages that were never touched cost nothing, so the size is a bound and not a price.
  if (ftruncate(fd, static_cast<off_t>(bytes)) < 0) return errnoValue(env, errno);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return errnoValue(env, errno);
  mappedCheckpoint = {static_cast<CheckpointHeader*>(memory), fd, bytes};
  return numberValue(env, 0);
}

napi_value checkpointPart(napi_env env, napi_callback_info info) {
  Call call(env, info, "checkpointPart", 2);
  const auto end = static_cast<int64_t>(mappedCheckpoint.bytes);
  const int64_t at = call.integer(0, "at", 0, end);
  const int64_t bytes = call.integer(1, "bytes", 1, end - at);
  if (!call.ok()) return nullptr;
  napi_value buffer;
  void* memory = reinterpret_cast<char*>(mappedCheckpoint.header) + at;
  if (napi_create_external_arraybuffer(env, memory, static_cast<size_t>(bytes), nullptr, nullptr, &buffer) != napi_ok) return errnoValue(env, ENOTSUP);
  return buffer;
}

/// FNV-1a over 64-bit words, folded to 32 bits: it has to notice a stray write, not an enemy.
napi_value checksum(napi_env env, napi_callback_info info) {
  Call call(env, info, "checksum", 1);
  const Bytes data = call.bytes(0, "data");
  if (!call.ok()) return nullptr;
  uint64_t sum = 0xcbf29ce484222325;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= data.length; at += sizeof(uint64_t)) {
    uint64_t word;
    __builtin_memcpy(&word, data.data + at, sizeof word);
    sum = (sum ^ word) * 0x100000001b3;
    sum ^= sum >> 29;
  }
  for (; at < data.length; at++) sum = (sum ^ data.data[at]) * 0x100000001b3;
  return numberValue(env, static_cast<uint32_t>(sum ^ (sum >> 32)));
}

}  // namespace heartwood

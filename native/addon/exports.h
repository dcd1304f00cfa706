// Every function the addon exports, in the order of src/host/native.ts: one table makes declarations and properties.
#pragma once

#include <node_api.h>

#define HEARTWOOD_EXPORTS(EXPORT)                                                                                     \
  /* signal.cc */ EXPORT(signalOpen) EXPORT(signalRead) EXPORT(heldSignals) EXPORT(signalTold)                          \
  /* spawn.cc */ EXPORT(spawn) EXPORT(spawnBegin) EXPORT(spawnFinish)                                                 \
  /* reap.cc */ EXPORT(reap) EXPORT(leftExits) EXPORT(exitsTold) EXPORT(expectExit)                                   \
      EXPORT(reapStrangersQuietly)                                                                                    \
  /* process.cc */ EXPORT(pidfdOpen) EXPORT(pidfdGetFd) EXPORT(pidfdSendSignal) EXPORT(kill) EXPORT(killAll) EXPORT(sigqueue) \
      EXPORT(exitNow)                                                                                                 \
  /* identity.cc */ EXPORT(setChildSubreaper) EXPORT(setParentDeathSignal) EXPORT(setProcessName)                     \
      EXPORT(effectiveCapabilities) EXPORT(inheritedLimits) EXPORT(umask) EXPORT(setsid)                              \
  /* poll.cc */ EXPORT(pollStart) EXPORT(pollStop) EXPORT(pollAdd) EXPORT(pollAddTable) EXPORT(pollModify) EXPORT(pollRemove) \
      EXPORT(pollTimer) EXPORT(pollChildren) EXPORT(clock) EXPORT(clockChangeFd)                                      \
  /* socket.cc */ EXPORT(unixListen) EXPORT(unixDatagram) EXPORT(unixConnect) EXPORT(accept)                          \
      EXPORT(peerCredentials) EXPORT(receiveNotify) EXPORT(heldNotify) EXPORT(notifyTold)                             \
      EXPORT(sendWithFds) EXPORT(receiveWithFds) EXPORT(socketPair)                                                   \
      EXPORT(receive) EXPORT(send) EXPORT(setSocketBuffers) EXPORT(receiveDatagram) EXPORT(sendDatagram)              \
  /* listen.cc */ EXPORT(socketOpen) EXPORT(socketBind) EXPORT(socketConnect) EXPORT(socketError) EXPORT(socketListen) EXPORT(socketOption) EXPORT(socketName)  \
      EXPORT(peerName) EXPORT(makeFifo) EXPORT(queueOpen) EXPORT(queueUnlink)                                         \
  /* fd.cc */ EXPORT(pipe) EXPORT(setPipeSize) EXPORT(open) EXPORT(close) EXPORT(duplicate) EXPORT(read)              \
      EXPORT(write) EXPORT(setNonBlocking) EXPORT(setCloexec) EXPORT(isTty) EXPORT(memfd) EXPORT(eventfd)             \
      EXPORT(readSmallFile) EXPORT(writeAttribute)                                                                    \
  /* splice.cc */ EXPORT(splice) EXPORT(tee)                                                                          \
  /* inotify.cc */ EXPORT(inotifyOpen) EXPORT(inotifyAdd) EXPORT(inotifyRemove) EXPORT(inotifyRead)                   \
  /* cgroup.cc */ EXPORT(makeDirectory) EXPORT(removeDirectory) EXPORT(openDirectory) EXPORT(readGroupProcesses)      \
      EXPORT(isGroupPopulated)                                                                                        \
  /* bpf.cc */ EXPORT(bpfLoad) EXPORT(bpfAttach) EXPORT(bpfDetach) EXPORT(bpfAttached) EXPORT(bpfProgram)              \
      EXPORT(bpfMapCreate) EXPORT(bpfMapOpen) EXPORT(bpfMapSet) EXPORT(bpfMapGet)                                     \
  /* mount.cc */ EXPORT(mount) EXPORT(umount) EXPORT(pivotRoot) EXPORT(chroot) EXPORT(swapoff)                        \
  /* autofs.cc */ EXPORT(autofsOpen) EXPORT(autofsAnswer)                                                             \
  /* power.cc */ EXPORT(sync) EXPORT(reboot) EXPORT(setHostname) EXPORT(loopbackUp)                                   \
  /* tty.cc */ EXPORT(windowSize) EXPORT(setForegroundGroup) EXPORT(getForegroundGroup) EXPORT(resetTty)              \
  /* exec.cc */ EXPORT(reexec)                                                                                        \
  /* checkpoint.cc */ EXPORT(checkpointMap) EXPORT(checkpointPart) EXPORT(checksum)                                   \
  /* crash.cc */ EXPORT(guardStart) EXPORT(guardEnd) EXPORT(guardExecute) EXPORT(commitFault)                         \
  /* memory.cc */ EXPORT(mapText) EXPORT(shrinkHeap) EXPORT(trimMemory)

namespace heartwood {
#define HEARTWOOD_DECLARE(name) napi_value name(napi_env env, napi_callback_info info);
HEARTWOOD_EXPORTS(HEARTWOOD_DECLARE)
#undef HEARTWOOD_DECLARE
}  // namespace heartwood

// From clone3(2) to execve(2).
//
// The child shares our memory and we sleep until it has let go of it (CLONE_VM, CLONE_VFORK), so that the price does not grow with
// the heap: 0.1 ms instead of 5 ms at 340 MB. In exchange the child may use nothing but raw system calls: no malloc and no
// stdio, because another thread may hold their locks for ever; no glibc setuid(3) and kin, because they signal all threads, ours
// included; no name look-ups. What it has to say comes back through the shared memory.
// It also may do nothing that can block (a FIFO, a dead file server): the manager would sleep with it. Such contexts are the
// unit executor's.
#include "addon/spawn-plan.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace heartwood {

namespace {

static_assert(sizeof(long) == 8, "on 32-bit systems setresuid and kin are the 16-bit calls: use their 32-bit forms first");

constexpr size_t kStackBytes = 64 << 10;
constexpr size_t kGuardBytes = 64 << 10;
constexpr int kSignalsMax = 64;
constexpr size_t kKernelSigsetBytes = 8;
/// What a shell says of a program that cannot be run, and systemd.exec(5) calls EXIT_EXEC.
constexpr int kExitExec = 203;
/// Without close_range(2) (before Linux 5.9) descriptors are marked one by one, up to here.
constexpr int kMarkedFdsMax = 4096;

#define NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

/// The kernel's struct sigaction begins with the handler; zeros in the rest suit every architecture.
struct KernelSigaction {
  unsigned long handler;
  unsigned long rest[7];
};

/// Shared between parent and child; the child writes, the sleeping parent reads afterwards.
struct Handover {
  const SpawnPlan* plan;
  bool joinCgroup;
  volatile SpawnStage stage;
  volatile int error;
};

NO_SANITIZE bool fail(Handover* handover, SpawnStage stage) {
  handover->error = errno;
  handover->stage = stage;
  return false;
}

NO_SANITIZE void setDisposition(int signal, unsigned long handler) {
  KernelSigaction action;
  action.handler = handler;
  for (unsigned long& word : action.rest) word = 0;
  syscall(SYS_rt_sigaction, signal, &action, nullptr, kKernelSigsetBytes);
}

/// Ignored signals stay ignored across exec, and Node ignores some: a service must not be born deaf.
NO_SANITIZE void resetDispositions(bool ignoreSigpipe) {
  for (int signal = 1; signal <= kSignalsMax; signal++) {
    if (signal != SIGKILL && signal != SIGSTOP) setDisposition(signal, 0);
  }
  if (ignoreSigpipe) setDisposition(SIGPIPE, 1);
}

/// Writes a short text to a file that exists, below `directory`.
NO_SANITIZE bool writeFile(int directory, const char* path, const char* text, size_t length) {
  const long fd = syscall(SYS_openat, directory, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const long written = syscall(SYS_write, fd, text, length);
  const int error = errno;
  syscall(SYS_close, fd);
  errno = error;
  return written >= 0;
}

/// Decimal digits of `number` at `place`; returns how many.
NO_SANITIZE size_t writeDecimal(char* place, long number) {
  char digits[20];
  size_t count = 0;
  const bool negative = number < 0;
  unsigned long rest = negative ? 0UL - static_cast<unsigned long>(number) : static_cast<unsigned long>(number);
  do digits[count++] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  size_t length = 0;
  if (negative) place[length++] = '-';
  while (count > 0) place[length++] = digits[--count];
  return length;
}

/// Puts fds[i] at descriptor i. A source that lies where another target goes is moved out of the way first.
NO_SANITIZE bool placeFds(int* fds, int count) {
  for (int i = 0; i < count; i++) {
    if (fds[i] >= count || fds[i] == i) continue;
    const long moved = syscall(SYS_fcntl, fds[i], F_DUPFD_CLOEXEC, count);
    if (moved < 0) return false;
    fds[i] = static_cast<int>(moved);
  }
  for (int i = 0; i < count; i++) {
    // dup3 of a descriptor onto itself is an error and would not clear close-on-exec, which Node sets on 0 to 2.
    const long result = fds[i] == i ? syscall(SYS_fcntl, i, F_SETFD, 0) : syscall(SYS_dup3, fds[i], i, 0);
    if (result < 0) return false;
  }
  return true;
}

/// Marks everything from `first` up close-on-exec: the manager may itself have been given fds without the flag.
NO_SANITIZE void closeOthersOnExec(int first) {
  if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = first; fd < kMarkedFdsMax; fd++) syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

NO_SANITIZE bool applyCredentials(const SpawnPlan& plan) {
  return syscall(SYS_setgroups, plan.groupCount, plan.groups) == 0 &&
         syscall(SYS_setresgid, plan.gid, plan.gid, plan.gid) == 0 &&
         syscall(SYS_setresuid, plan.uid, plan.uid, plan.uid) == 0;
}

NO_SANITIZE bool prepare(Handover* handover) {
  const SpawnPlan& plan = *handover->plan;
  resetDispositions(plan.ignoreSigpipe);
  if (handover->joinCgroup && !writeFile(plan.cgroupFd, "cgroup.procs", "0", 1)) return fail(handover, SpawnStage::cgroup);
  if ((plan.newSession ? syscall(SYS_setsid) : syscall(SYS_setpgid, 0, 0)) < 0) return fail(handover, SpawnStage::session);
  if (plan.controllingTty >= 0 && syscall(SYS_ioctl, plan.controllingTty, TIOCSCTTY, 1) < 0) return fail(handover, SpawnStage::tty);
  if (!placeFds(plan.fds, plan.fdCount)) return fail(handover, SpawnStage::stdio);
  closeOthersOnExec(plan.fdCount);
  for (size_t i = 0; i < plan.limitCount; i++) {
    const PlannedLimit& planned = plan.limits[i];
    if (syscall(SYS_prlimit64, 0, planned.resource, &planned.limit, nullptr) < 0) return fail(handover, SpawnStage::limits);
  }
  if (plan.hasNice && syscall(SYS_setpriority, PRIO_PROCESS, 0, plan.nice) < 0) return fail(handover, SpawnStage::nice);
  if (plan.hasOomScoreAdjust) {
    char text[24];
    const size_t length = writeDecimal(text, plan.oomScoreAdjust);
    if (!writeFile(AT_FDCWD, "/proc/self/oom_score_adj", text, length)) return fail(handover, SpawnStage::oom);
  }
  syscall(SYS_umask, plan.umask);
  if (plan.hasCredentials && !applyCredentials(plan)) return fail(handover, SpawnStage::credentials);
  // After the credentials: the directory must be reachable for the user the service runs as.
  if (syscall(SYS_chdir, plan.cwd) < 0) return fail(handover, SpawnStage::chdir);
  if (plan.noNewPrivileges && syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail(handover, SpawnStage::credentials);
  if (plan.pidPlaceCount > 0) {
    const long pid = syscall(SYS_getpid);
    for (size_t i = 0; i < plan.pidPlaceCount; i++) plan.pidPlaces[i][writeDecimal(plan.pidPlaces[i], pid)] = '\0';
  }
  return true;
}

NO_SANITIZE int childMain(void* argument) {
  auto* handover = static_cast<Handover*>(argument);
  if (prepare(handover)) {
    const uint64_t nothing = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, kKernelSigsetBytes);
    syscall(SYS_execve, handover->plan->path, handover->plan->argv, handover->plan->env);
    fail(handover, SpawnStage::exec);
  }
  syscall(SYS_exit_group, kExitExec);
  return kExitExec;
}

/// clone3 that runs `entry(argument)` on the stack in `arguments`. glibc has no function for it. The child never returns from
/// here: on a shared stack frame it would destroy the parent's return address.
NO_SANITIZE long clone3WithEntry(clone_args* arguments, int (*entry)(void*), void* argument) {
#if defined(__x86_64__)
  register long result asm("rax") = SYS_clone3;
  register void* entryRegister asm("r8") = reinterpret_cast<void*>(entry);
  register void* argumentRegister asm("r9") = argument;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "movq %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "hlt\n"
      "1:"
      : "+r"(result)
      : "D"(arguments), "S"(sizeof *arguments), "r"(entryRegister), "r"(argumentRegister)
      : "rcx", "r11", "memory", "cc");
#elif defined(__aarch64__)
  register long number asm("x8") = SYS_clone3;
  register long result asm("x0") = reinterpret_cast<long>(arguments);
  register long size asm("x1") = sizeof *arguments;
  register void* entryRegister asm("x9") = reinterpret_cast<void*>(entry);
  register void* argumentRegister asm("x10") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(number), "r"(size), "r"(entryRegister), "r"(argumentRegister)
      : "memory", "cc", "x30");
#else
  // No clone3 by hand for this architecture: the caller goes on with clone(2).
  static_cast<void>(arguments);
  static_cast<void>(entry);
  static_cast<void>(argument);
  const long result = -ENOSYS;
#endif
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

/// The child's stack, with inaccessible memory below it. Made once: only the main thread spawns, one child at a time.
char* childStack() {
  static char* stack = nullptr;
  if (stack != nullptr) return stack;
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  char* usable = static_cast<char*>(memory) + kGuardBytes;
  if (mprotect(usable, kStackBytes, PROT_READ | PROT_WRITE) == 0) return stack = usable;
  const int error = errno;
  munmap(memory, kGuardBytes + kStackBytes);
  errno = error;
  return nullptr;
}

constexpr uint64_t kCloneFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;

long tryClone3(Handover* handover, char* stack, int* pidfd, bool intoCgroup) {
  clone_args arguments = {};
  arguments.flags = kCloneFlags | (intoCgroup ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<uint64_t>(pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<uint64_t>(stack);
  arguments.stack_size = kStackBytes;
  arguments.cgroup = intoCgroup ? static_cast<uint64_t>(handover->plan->cgroupFd) : 0;
  return clone3WithEntry(&arguments, childMain, handover);
}

/// The group cannot be joined at birth: no clone3 for us (an old kernel, a seccomp filter), no CLONE_INTO_CGROUP (before 5.7), or a
/// hierarchy of version 1. The child then joins by itself.
bool mayJoinLater(int error) { return error == ENOSYS || error == EPERM || error == E2BIG || error == EINVAL || error == EBADF; }

long cloneChild(Handover* handover, char* stack, int* pidfd) {
  const bool wantsCgroup = handover->plan->cgroupFd >= 0;
  long pid = tryClone3(handover, stack, pidfd, wantsCgroup);
  if (pid < 0 && wantsCgroup && mayJoinLater(errno)) {
    handover->joinCgroup = true;
    pid = tryClone3(handover, stack, pidfd, false);
  }
  if (pid < 0 && (errno == ENOSYS || errno == EPERM)) {
    pid = ::clone(childMain, stack + kStackBytes, static_cast<int>(kCloneFlags | SIGCHLD), handover, pidfd);
  }
  return pid;
}

}  // namespace

Spawned spawnPlanned(const SpawnPlan& plan) {
  Spawned spawned;
  Handover handover = {&plan, false, SpawnStage::none, 0};
  char* stack = childStack();
  if (stack == nullptr) {
    spawned.stage = SpawnStage::clone;
    spawned.error = errno;
    return spawned;
  }
  // No handler of ours may run in the child: it would run on our data. The raw call, because glibc keeps two signals out.
  const uint64_t everything = ~uint64_t{0};
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &everything, &before, kKernelSigsetBytes);
  const long pid = cloneChild(&handover, stack, &spawned.pidfd);
  const int error = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kKernelSigsetBytes);
  if (pid < 0) {
    spawned.stage = SpawnStage::clone;
    spawned.error = error;
    return spawned;
  }
  spawned.pid = static_cast<pid_t>(pid);
  spawned.stage = handover.stage;
  spawned.error = handover.error;
  if (spawned.stage == SpawnStage::none) return spawned;
  // It has ended already, and nobody else shall hear of it.
  ::close(spawned.pidfd);
  while (waitpid(spawned.pid, nullptr, 0) < 0 && errno == EINTR) {}
  return spawned;
}

}  // namespace heartwood

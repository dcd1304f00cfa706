// From clone3(2) to execve(2).
//
// The child shares our memory until it has executed its program (CLONE_VM), so that the price does not grow with the heap: 0.1 ms
// instead of 5 ms at 340 MB. We do not sleep meanwhile (no CLONE_VFORK): while one child is on its way to execve(2), maybe on another
// processor, maybe waiting for one, the next is made. In exchange the child may use nothing but raw system calls: no malloc and no
// stdio, because another thread may hold their locks for ever; no glibc setuid(3) and kin, because they signal all threads, ours
// included; no name look-ups; and not errno, which is the parent's. What it has to say comes back through the shared memory.
// When it has let go of that memory, by execve or by its end, the kernel clears a word of it and wakes who waits there
// (CLONE_CHILD_CLEARTID).
// It also may do nothing that can block (a FIFO, a dead file server): in the end the manager waits for it. Such contexts are the
// unit executor's.
#include "addon/crash.h"
#include "addon/spawn-plan.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
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

constexpr size_t kStackBytes = 32 << 10;
constexpr size_t kGuardBytes = 32 << 10;
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

/// A system call that leaves errno alone: the result, or the error as a negative number.
NO_SANITIZE long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  long result;
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = e;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long numberRegister asm("x8") = number;
  register long first asm("x0") = a;
  register long second asm("x1") = b;
  register long third asm("x2") = c;
  register long fourth asm("x3") = d;
  register long fifth asm("x4") = e;
  asm volatile("svc #0" : "+r"(first) : "r"(numberRegister), "r"(second), "r"(third), "r"(fourth), "r"(fifth) : "memory");
  return first;
#else
#error "the child's system calls are written by hand for each architecture"
#endif
}

template <typename T>
NO_SANITIZE long address(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

NO_SANITIZE bool fail(Birth* birth, SpawnStage stage, long result) {
  birth->error = static_cast<int>(-result);
  birth->stage = stage;
  return false;
}

NO_SANITIZE void setDisposition(int signal, unsigned long handler) {
  KernelSigaction action;
  action.handler = handler;
  for (unsigned long& word : action.rest) word = 0;
  call(SYS_rt_sigaction, signal, address(&action), 0, kKernelSigsetBytes);
}

/// Ignored signals stay ignored across exec, and Node ignores some: a service must not be born deaf.
/// Ignored signals stay ignored across exec, and Node ignores some: a service must not be born deaf.
NO_SANITIZE void resetDispositions(bool ignoreSigpipe) {
  for (int signal = 1; signal <= kSignalsMax; signal++) {
    if (signal != SIGKILL && signal != SIGSTOP) setDisposition(signal, 0);
  }
  if (ignoreSigpipe) setDisposition(SIGPIPE, 1);
}

/// Writes a short text to a file that exists, below `directory`. Negative: the error.
NO_SANITIZE long writeFile(int directory, const char* path, const char* text, size_t length) {
  const long fd = call(SYS_openat, directory, address(path), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  const long written = call(SYS_write, fd, address(text), static_cast<long>(length));
  call(SYS_close, fd);
  return written;
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

/// Puts fds[i] at descriptor i. A source that lies where another target goes is moved out of the way first. Negative: the error.
NO_SANITIZE long placeFds(int* fds, int count) {
  for (int i = 0; i < count; i++) {
    if (fds[i] >= count || fds[i] == i) continue;
    const long moved = call(SYS_fcntl, fds[i], F_DUPFD_CLOEXEC, count);
    if (moved < 0) return moved;
    fds[i] = static_cast<int>(moved);
  }
  for (int i = 0; i < count; i++) {
    // dup3 of a descriptor onto itself is an error and would not clear close-on-exec, which Node sets on 0 to 2.
    const long result = fds[i] == i ? call(SYS_fcntl, i, F_SETFD, 0) : call(SYS_dup3, fds[i], i, 0);
    if (result < 0) return result;
  }
  return 0;
}

/// Marks everything from `first` up close-on-exec: the manager may itself have been given fds without the flag.
NO_SANITIZE void closeOthersOnExec(int first) {
  if (call(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = first; fd < kMarkedFdsMax; fd++) call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

/// Negative: the error.
NO_SANITIZE long applyCredentials(const SpawnPlan& plan) {
  long result = call(SYS_setgroups, static_cast<long>(plan.groupCount), address(plan.groups));
  if (result == 0) result = call(SYS_setresgid, plan.gid, plan.gid, plan.gid);
  if (result == 0) result = call(SYS_setresuid, plan.uid, plan.uid, plan.uid);
  return result;
}

/// A kernel without keyrings, a filter and a full quota are put up with: nobody asked for it by name.
NO_SANITIZE void applyKeyring(SessionKeyring keyring) {
  if (keyring == SessionKeyring::inherited || call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0) < 0) return;
  if (keyring == SessionKeyring::withThatOfTheUser) call(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
}

NO_SANITIZE bool prepare(Birth* birth) {
  const SpawnPlan& plan = birth->plan;
  long result = 0;
  resetDispositions(plan.ignoreSigpipe);
  if (birth->joinCgroup && (result = writeFile(plan.cgroupFd, "cgroup.procs", "0", 1)) < 0) return fail(birth, SpawnStage::cgroup, result);
  if (!plan.sameGroup) result = plan.newSession ? call(SYS_setsid) : call(SYS_setpgid, 0, 0);
  if (result < 0) return fail(birth, SpawnStage::session, result);
  if (plan.controllingTty >= 0 && (result = call(SYS_ioctl, plan.controllingTty, TIOCSCTTY, 1)) < 0) return fail(birth, SpawnStage::tty, result);
  if ((result = placeFds(plan.fds, plan.fdCount)) < 0) return fail(birth, SpawnStage::stdio, result);
  closeOthersOnExec(plan.fdCount);
  for (size_t i = 0; i < plan.limitCount; i++) {
    const PlannedLimit& planned = plan.limits[i];
    if ((result = call(SYS_prlimit64, 0, planned.resource, address(&planned.limit), 0)) < 0) return fail(birth, SpawnStage::limits, result);
  }
  if (plan.hasNice && (result = call(SYS_setpriority, PRIO_PROCESS, 0, plan.nice)) < 0) return fail(birth, SpawnStage::nice, result);
  if (plan.hasOomScoreAdjust) {
    char text[24];
    const size_t length = writeDecimal(text, plan.oomScoreAdjust);
    if ((result = writeFile(AT_FDCWD, "/proc/self/oom_score_adj", text, length)) < 0) return fail(birth, SpawnStage::oom, result);
  }
  applyKeyring(plan.keyring);
  call(SYS_umask, plan.umask);
  if (plan.hasCredentials && (result = applyCredentials(plan)) < 0) return fail(birth, SpawnStage::credentials, result);
  // After the credentials: the directory must be reachable for the user the service runs as.
  if ((result = call(SYS_chdir, address(plan.cwd))) < 0) return fail(birth, SpawnStage::chdir, result);
  if (plan.noNewPrivileges && (result = call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0)) < 0) return fail(birth, SpawnStage::credentials, result);
  if (plan.pidPlaceCount > 0) {
    const long pid = call(SYS_getpid);
    for (size_t i = 0; i < plan.pidPlaceCount; i++) plan.pidPlaces[i][writeDecimal(plan.pidPlaces[i], pid)] = '\0';
  }
  return true;
}

NO_SANITIZE int childMain(void* argument) {
  auto* birth = static_cast<Birth*>(argument);
  if (prepare(birth)) {
    const uint64_t nothing = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, address(&nothing), 0, kKernelSigsetBytes);
    fail(birth, SpawnStage::exec, call(SYS_execve, address(birth->plan.path), address(birth->plan.argv), address(birth->plan.env)));
  }
  call(SYS_exit_group, kExitExec);
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

/// A child's stack, with inaccessible memory below it. Null with errno set when there is no memory.
char* makeStack() {
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  char* usable = static_cast<char*>(memory) + kGuardBytes;
  if (mprotect(usable, kStackBytes, PROT_READ | PROT_WRITE) == 0) return usable;
  const int error = errno;
  munmap(memory, kGuardBytes + kStackBytes);
  errno = error;
  return nullptr;
}

constexpr uint64_t kCloneFlags = CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;

long tryClone3(Birth* birth, bool intoCgroup) {
  clone_args arguments = {};
  arguments.flags = kCloneFlags | (intoCgroup ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<uint64_t>(&birth->pidfd);
  // Into the memory that outlives the engine, by the kernel, before the child runs: no birth goes unrecorded.
  arguments.parent_tid = reinterpret_cast<uint64_t>(birth->recorded);
  arguments.child_tid = reinterpret_cast<uint64_t>(&birth->sharesMemory);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<uint64_t>(birth->stack);
  arguments.stack_size = kStackBytes;
  arguments.cgroup = intoCgroup ? static_cast<uint64_t>(birth->plan.cgroupFd) : 0;
  return clone3WithEntry(&arguments, childMain, birth);
}

/// The group cannot be joined at birth: no clone3 for us (an old kernel, a seccomp filter), no CLONE_INTO_CGROUP (before 5.7), or a
/// hierarchy of version 1. The child then joins by itself.
bool mayJoinLater(int error) { return error == ENOSYS || error == EPERM || error == E2BIG || error == EINVAL || error == EBADF; }

long cloneChild(Birth* birth) {
  const bool wantsCgroup = birth->plan.cgroupFd >= 0;
  long pid = tryClone3(birth, wantsCgroup);
  if (pid < 0 && wantsCgroup && mayJoinLater(errno)) {
    birth->joinCgroup = true;
    pid = tryClone3(birth, false);
  }
  if (pid < 0 && (errno == ENOSYS || errno == EPERM)) {
    // Without clone3 we do sleep: this is the form of clone that every sandbox and checking tool knows.
    pid = ::clone(childMain, birth->stack + kStackBytes, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, birth, &birth->pidfd);
    birth->sharesMemory = 0;
  }
  return pid;
}

}  // namespace

void beginBirth(Birth* birth) {
  birth->joinCgroup = false;
  birth->stage = SpawnStage::none;
  birth->error = 0;
  birth->pid = -1;
  birth->pidfd = -1;
  if (birth->stack == nullptr) birth->stack = makeStack();
  if (birth->stack == nullptr) {
    birth->stage = SpawnStage::clone;
    birth->error = errno;
    return;
  }
  birth->sharesMemory = 1;
  BirthRecord* record = newBirthRecord();
  birth->recorded = record == nullptr ? &birth->unrecorded : &record->pid;
  // No handler of ours may run in the child: it would run on our data. The raw call, because glibc keeps two signals out.
  const uint64_t everything = ~uint64_t{0};
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &everything, &before, kKernelSigsetBytes);
  const long pid = cloneChild(birth);
  const int error = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kKernelSigsetBytes);
  if (pid < 0) {
    birth->sharesMemory = 0;
    birth->stage = SpawnStage::clone;
    birth->error = error;
    return;
  }
  birth->pid = static_cast<pid_t>(pid);
  // The kernel has done this already, but for the form of clone above that has no room for it.
  *birth->recorded = birth->pid;
  passFaultPoint(FaultPoint::afterSpawn);
}

void finishBirth(Birth* birth) {
  // Not a private futex: the kernel's wake at the end of the sharing is not one either.
  while (__atomic_load_n(&birth->sharesMemory, __ATOMIC_ACQUIRE) != 0) syscall(SYS_futex, &birth->sharesMemory, FUTEX_WAIT, 1, nullptr, nullptr, 0);
  if (birth->stage == SpawnStage::none || birth->pid < 0) return;
  // It has ended already, or is about to, and nobody else shall hear of it: an engine that dies now tries once more and fails alike.
  *birth->recorded = 0;
  ::close(birth->pidfd);
  while (waitpid(birth->pid, nullptr, 0) < 0 && errno == EINTR) {}
}

}  // namespace heartwood

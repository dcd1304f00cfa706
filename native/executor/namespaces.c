#include "executor/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/report.h"

static bool lacks_privilege(int error) { return error == EPERM || error == EACCES || error == ENOSYS; }

static bool may_administer(void) {
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, data) < 0) return false;
  return (data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0;
}

/* A new network name space has a loopback interface that is down. */
static void raise_loopback(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) note("PrivateNetwork", errno, "lo");
  if (fd >= 0) close(fd);
}

static int join(const char *path, int kind) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return -1;
  int result = setns(fd, kind);
  int error = errno;
  close(fd);
  errno = error;
  return result;
}

/* A name space that a file given by the administrator stands for. */
static void join_path(const char *path, int kind, const char *directive, enum stage stage) {
  if (join(path, kind) == 0) return;
  if (!lacks_privilege(errno)) fail(stage, errno, path);
  note(directive, errno, path);
}

/*
 * A name space that all processes of the unit share, and units that join it. The first process makes it and mounts it on the unit's
 * file, where the next ones find it; the manager removes that when the unit is down. The lock keeps two of them from both being first.
 */
static bool share(const struct texts *keepers, int kind, const char *own, const char *directive) {
  if (keepers->count == 0) return false;
  int lock = open(keepers->items[0], O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
  if (lock >= 0) flock(lock, LOCK_EX);
  bool made = false;
  bool joined = false;
  for (size_t i = 0; i < keepers->count && !joined; i++) {
    joined = join(keepers->items[i], kind) == 0;
    if (joined && i == 0) {
      if (lock >= 0) close(lock);
      return false;
    }
  }
  if (!joined) {
    if (unshare(kind) < 0) {
      if (!lacks_privilege(errno)) fail(kind == CLONE_NEWNET ? STAGE_NETWORK : STAGE_NAMESPACE, errno, directive);
      note(directive, errno, "");
    } else {
      made = true;
    }
  }
  /* Where it cannot be kept each process of the unit has one of its own, which is still a private one. */
  if (made || joined) mount(own, keepers->items[0], NULL, MS_BIND, NULL);
  if (lock >= 0) close(lock);
  return made;
}

static bool write_file(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool whole = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  close(fd);
  return whole;
}

static void describe_map(char *text, size_t size, unsigned id) {
  if (id == 0) snprintf(text, size, "0 0 1\n");
  else snprintf(text, size, "0 0 1\n%u %u 1\n", id, id);
}

/* Only somebody outside of the new name space may map more than one's own id: a child that stays behind. */
void enter_private_users(uid_t uid, gid_t gid) {
  char uids[64];
  char gids[64];
  describe_map(uids, sizeof uids, uid);
  describe_map(gids, sizeof gids, gid);
  int ready = eventfd(0, EFD_CLOEXEC);
  pid_t self = getpid();
  pid_t helper = ready >= 0 ? fork() : -1;
  if (helper < 0) fail(STAGE_USER, errno, "PrivateUsers");
  if (helper == 0) {
    uint64_t count;
    if (read(ready, &count, sizeof count) < 0) _exit(1);
    if (count != 1) _exit(0);
    _exit(write_file(self, "gid_map", gids) && write_file(self, "uid_map", uids) ? 0 : 1);
  }
  int result = unshare(CLONE_NEWUSER);
  int error = errno;
  uint64_t verdict = result == 0 ? 1 : 2;
  if (write(ready, &verdict, sizeof verdict) < 0) kill(helper, SIGKILL);
  int status = 1;
  while (waitpid(helper, &status, 0) < 0 && errno == EINTR) continue;
  close(ready);
  if (result < 0) {
    if (!lacks_privilege(error) && error != ENOSPC && error != EINVAL) fail(STAGE_USER, error, "PrivateUsers");
    note("PrivateUsers", error, "");
  } else if (status != 0) {
    fail(STAGE_USER, EPERM, "PrivateUsers");
  }
}

/* Without privileges only the own user and group can be mapped. */
static bool enter_own_users(void) {
  char uids[64];
  char gids[64];
  unsigned uid = getuid();
  unsigned gid = getgid();
  if (unshare(CLONE_NEWUSER) < 0) {
    note("PrivateUsers", errno, "");
    return true;
  }
  snprintf(uids, sizeof uids, "%u %u 1\n", uid, uid);
  snprintf(gids, sizeof gids, "%u %u 1\n", gid, gid);
  if (!write_file(getpid(), "setgroups", "deny") || !write_file(getpid(), "gid_map", gids) || !write_file(getpid(), "uid_map", uids)) {
    fail(STAGE_USER, errno, "PrivateUsers");
  }
  return true;
}

bool set_up_namespaces(const struct exec_spec *spec) {
  bool users_are_private = spec->private_users && !may_administer() && enter_own_users();
  if (spec->network_path != NULL) join_path(spec->network_path, CLONE_NEWNET, "NetworkNamespacePath", STAGE_NETWORK);
  else if (share(&spec->network_keepers, CLONE_NEWNET, "/proc/self/ns/net", "PrivateNetwork")) raise_loopback();
  if (spec->ipc_path != NULL) join_path(spec->ipc_path, CLONE_NEWIPC, "IPCNamespacePath", STAGE_NAMESPACE);
  else share(&spec->ipc_keepers, CLONE_NEWIPC, "/proc/self/ns/ipc", "PrivateIPC");
  if (spec->protect_hostname && unshare(CLONE_NEWUTS) < 0) {
    if (!lacks_privilege(errno)) fail(STAGE_NAMESPACE, errno, "ProtectHostname");
    note("ProtectHostname", errno, "");
  }
  return users_are_private;
}

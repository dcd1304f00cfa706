/*
 * container: runs a program as PID 1 of private pid, mount, uts, ipc, net and control-group namespaces, on a
 * throw-away overlay of the root file system, and tells when it was executed and when it was gone.
 *
 *   container run WORK CGROUP [--bind FROM TO]... [--env NAME=VALUE]... -- PROGRAM ARG...
 *   container enter PID -- PROGRAM ARG...
 *
 * run    WORK is a directory on a tmpfs; it appears as /bench inside. CGROUP is an empty control group (v2) made
 *        by the caller, which becomes the root of the container's view; "-" for none. Standard error of
 *        the program goes to /bench/console, standard output nowhere. Prints three lines, each as soon as it is known:
 *          pid HOST-PID
 *          start NANOSECONDS          CLOCK_MONOTONIC just before execve(2)
 *          end NANOSECONDS STATUS     CLOCK_MONOTONIC when PID 1 was reaped, and its wait status
 * enter  runs a program inside the container whose PID 1 is PID (as seen outside) and ends with its status.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BINDS_MAX = 16, ENVIRONMENT_MAX = 32 };

static void fail(const char *format, ...) {
  int saved = errno;
  va_list arguments;
  va_start(arguments, format);
  fputs("container: ", stderr);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, ": %s\n", strerror(saved));
  exit(125);
}

static long long clock_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void mount_at(const char *source, const char *target, const char *type, unsigned long flags,
                     const char *data) {
  if (mount(source, target, type, flags, data) < 0) fail("mount %s on %s", type ? type : source, target);
}

static void make_directory(const char *path) {
  if (mkdir(path, 0755) < 0 && errno != EEXIST) fail("mkdir %s", path);
}

/** Makes PATH (relative to the new root) with all its parents, as a directory or, for a file, an empty file. */
static void make_mount_point(const char *path, int is_directory) {
  char copy[4096];
  snprintf(copy, sizeof copy, "%s", path);
  for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    make_directory(copy);
    *slash = '/';
  }
  if (is_directory) {
    make_directory(copy);
    return;
  }
  int fd = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0) close(fd);
}

static void write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail("write %s", path);
  close(fd);
}

struct bind {
  const char *from;
  const char *to;
};

static void make_devices(void) {
  static const struct {
    const char *path;
    unsigned minor;
  } memory_devices[] = {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7}, {"dev/random", 8}, {"dev/urandom", 9}};
  mount_at("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755");
  umask(0);
  for (size_t i = 0; i < sizeof memory_devices / sizeof *memory_devices; i++)
    if (mknod(memory_devices[i].path, S_IFCHR | 0666, makedev(1, memory_devices[i].minor)) < 0)
      fail("mknod %s", memory_devices[i].path);
  if (mknod("dev/tty", S_IFCHR | 0666, makedev(5, 0)) < 0) fail("mknod dev/tty");
  umask(022);
  make_directory("dev/shm");
  mount_at("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
  make_directory("dev/pts");
  mount_at("devpts", "dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666,mode=620");
  if (symlink("pts/ptmx", "dev/ptmx") < 0 || symlink("/proc/self/fd", "dev/fd") < 0 ||
      symlink("/proc/self/fd/0", "dev/stdin") < 0 || symlink("/proc/self/fd/1", "dev/stdout") < 0 ||
      symlink("/proc/self/fd/2", "dev/stderr") < 0)
    fail("symlinks in /dev");
}

static void enter_new_root(const char *work, int has_cgroup, const struct bind *binds, int bind_count) {
  char root[4096], data[3 * 4096], path[4096 + 64];
  mount_at("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
  int work_fd = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (work_fd < 0) fail("open %s", work);
  snprintf(root, sizeof root, "%s/root", work);
  make_directory(root);
  mount_at("tmpfs", root, "tmpfs", 0, "mode=755");
  static const char *const parts[] = {"upper", "scratch", "merged"};
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", root, parts[i]);
    make_directory(path);
  }
  snprintf(data, sizeof data, "lowerdir=/,upperdir=%s/upper,workdir=%s/scratch", root, root);
  snprintf(path, sizeof path, "%s/merged", root);
  mount_at("overlay", path, "overlay", 0, data);
  if (chdir(path) < 0) fail("chdir %s", path);

  mount_at("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_at("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
  if (has_cgroup) mount_at("cgroup2", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  mount_at("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  mount_at("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
  make_devices();
  make_directory("bench");
  snprintf(path, sizeof path, "/proc/self/fd/%d", work_fd);
  mount_at(path, "bench", NULL, MS_BIND, NULL);
  close(work_fd);
  for (int i = 0; i < bind_count; i++) {
    struct stat status;
    if (stat(binds[i].from, &status) < 0) fail("stat %s", binds[i].from);
    const char *to = binds[i].to + 1; /* relative to the new root, which is the working directory */
    make_mount_point(to, S_ISDIR(status.st_mode));
    mount_at(binds[i].from, to, NULL, MS_BIND | MS_REC, NULL);
  }
  if (syscall(SYS_pivot_root, ".", ".") < 0) fail("pivot_root");
  if (umount2(".", MNT_DETACH) < 0) fail("umount of the old root");
  if (chdir("/") < 0) fail("chdir /");
  if (sethostname("bench", 5) < 0) fail("sethostname");
}

static int run(int argc, char **argv) {
  if (argc < 5) return 2;
  const char *work = argv[2], *cgroup = argv[3];
  struct bind binds[BINDS_MAX];
  char *environment[ENVIRONMENT_MAX + 1];
  int bind_count = 0, environment_count = 0, i = 4;
  for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--bind") == 0 && i + 2 < argc && bind_count < BINDS_MAX) {
      binds[bind_count++] = (struct bind){argv[i + 1], argv[i + 2]};
      i += 2;
    } else if (strcmp(argv[i], "--env") == 0 && i + 1 < argc && environment_count < ENVIRONMENT_MAX) {
      environment[environment_count++] = argv[++i];
    } else {
      fprintf(stderr, "container: unexpected argument %s\n", argv[i]);
      return 2;
    }
  }
  environment[environment_count] = NULL;
  char **program = argv + i + 1;
  if (i >= argc || *program == NULL) return 2;

  int has_cgroup = strcmp(cgroup, "-") != 0, outer_procs = -1;
  if (has_cgroup) {
    char path[4096];
    /* Opened in the outer control-group namespace: a mount with nsdelegate refuses a way out opened inside. */
    snprintf(path, sizeof path, "%s/../cgroup.procs", cgroup);
    outer_procs = open(path, O_WRONLY | O_CLOEXEC);
    if (outer_procs < 0) fail("open %s", path);
    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    write_text(path, "0");
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* a benchmark that dies leaves no container behind: this half and then the other end */
  if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
              (has_cgroup ? CLONE_NEWCGROUP : 0)) < 0)
    fail("unshare");
  setvbuf(stdout, NULL, _IOLBF, 0);
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    enter_new_root(work, has_cgroup, binds, bind_count);
    setsid();
    int events = fcntl(1, F_DUPFD_CLOEXEC, 10);
    int nothing = open("/dev/null", O_RDWR);
    int console = open("/bench/console", O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (events < 0 || nothing < 0 || console < 0) fail("open /bench/console");
    dup2(nothing, 0);
    dup2(nothing, 1);
    dup2(console, 2);
    if (nothing > 2) close(nothing);
    if (console > 2) close(console);
    dprintf(events, "start %lld\n", clock_nsec());
    execve(program[0], program, environment);
    fail("execute %s", program[0]);
  }
  /* The waiting half leaves the container's control group, so that its processor time is the container's alone. */
  if (has_cgroup && write(outer_procs, "0", 1) != 1) fail("leave the control group");
  printf("pid %d\n", (int)child);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  printf("end %lld %d\n", clock_nsec(), status);
  return 0;
}

static int enter(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--") != 0) return 2;
  int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[2]), 0);
  if (pidfd < 0) fail("pidfd_open %s", argv[2]);
  if (setns(pidfd, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP) < 0)
    fail("setns");
  close(pidfd);
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    execv(argv[4], argv + 4);
    fail("execute %s", argv[4]);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  int status = 2;
  if (argc > 1 && strcmp(argv[1], "run") == 0) status = run(argc, argv);
  if (argc > 1 && strcmp(argv[1], "enter") == 0) status = enter(argc, argv);
  if (status == 2) fputs("usage: container run WORK CGROUP [--bind FROM TO] [--env N=V] -- PROGRAM ARG...\n"
                         "       container enter PID -- PROGRAM ARG...\n", stderr);
  return status;
}

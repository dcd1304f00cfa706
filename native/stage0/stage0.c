/*
 * stage0: /init of a virtual machine. Makes true what Node needs before it can start, then executes the manager, which stays
 * process 1. It reads no configuration and starts nothing else.
 *
 *   stage0                      from the kernel
 *   stage0 --rescue REASON …    from whoever cannot go on (rescue.h): the launcher, or the guard of a manager that dies again and again
 *
 * A process 1 that ends stops the kernel with a panic and takes the reason off the screen. So when nothing can be executed, this
 * program stays, as the rescue program.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "stage0/rescue.h"

#define LAUNCHER "/usr/lib/heartwood/dist/native/launcher"
#define MODULE_DIRECTORY "/lib/modules"
#define MODULE_LIST MODULE_DIRECTORY "/heartwood.list"
#define SELF "/init"

/* Services get their environment from the manager; this one is for Node and the launcher. */
static char *const ENVIRONMENT[] = {
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "TERM=linux", "HEARTWOOD_RESCUE=" SELF,
};
/* HEARTWOOD_NAME=value on the kernel's command line, which makes a variable of it: for drills. More than a handful is a mistake. */
enum { FIXED_VARIABLES = sizeof ENVIRONMENT / sizeof *ENVIRONMENT, GIVEN_VARIABLES_MAX = 8 };

static const struct {
  const char *type;
  const char *target;
  unsigned long flags;
  const char *data;
} MOUNTS[] = {
  { "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "" },
  { "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, "" },
  { "devtmpfs", "/dev", MS_NOSUID, "mode=0755" },
  /* The manager leaves a mounted /run alone, so its limit is set here. */
  { "tmpfs", "/run", MS_NOSUID | MS_NODEV | MS_STRICTATIME, "mode=0755,size=20%" },
};

static void complain(const char *what, const char *subject) {
  dprintf(STDERR_FILENO, "stage0: %s %s: %s\n", what, subject, strerror(errno));
}

static void mount_api_file_systems(void) {
  for (size_t i = 0; i < sizeof MOUNTS / sizeof *MOUNTS; i++) {
    mkdir(MOUNTS[i].target, 0755);
    /* EBUSY: the kernel mounted devtmpfs itself (CONFIG_DEVTMPFS_MOUNT). */
    if (mount(MOUNTS[i].type, MOUNTS[i].target, MOUNTS[i].type, MOUNTS[i].flags, MOUNTS[i].data) < 0 && errno != EBUSY) {
      complain("cannot mount", MOUNTS[i].target);
    }
  }
}

/* Node aborts when one of its first three descriptors is closed. */
static void open_console(void) {
  bool missing = false;
  for (int fd = 0; fd <= 2; fd++) missing |= fcntl(fd, F_GETFD) < 0;
  if (!missing) return;
  int console = open("/dev/console", O_RDWR | O_NOCTTY);
  if (console < 0) console = open("/dev/null", O_RDWR);
  if (console < 0) {
    mknod("/null", S_IFCHR | 0600, makedev(1, 3));
    console = open("/null", O_RDWR);
  }
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) < 0) dup2(console, fd);
  }
  if (console > 2) close(console);
}

static void load_module(const char *name) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s%s", name[0] == '/' ? "" : MODULE_DIRECTORY "/", name) >= (int)sizeof path) return;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)) complain("cannot load", path);
  if (fd >= 0) close(fd);
}

/* One module file on a line, in the order of their dependencies; `#` begins a comment. */
static void load_modules(void) {
  FILE *list = fopen(MODULE_LIST, "re");
  if (list == NULL) return;
  char line[PATH_MAX];
  while (fgets(line, sizeof line, list) != NULL) {
    line[strcspn(line, " \t\r\n#")] = '\0';
    if (line[0] != '\0') load_module(line);
  }
  fclose(list);
}

static char **make_environment(char **given) {
  static char *environment[FIXED_VARIABLES + GIVEN_VARIABLES_MAX + 1];
  static const char prefix[] = "HEARTWOOD_", own[] = "HEARTWOOD_RESCUE=";
  memcpy(environment, ENVIRONMENT, sizeof ENVIRONMENT);
  size_t used = FIXED_VARIABLES;
  for (; *given != NULL && used < FIXED_VARIABLES + GIVEN_VARIABLES_MAX; given++) {
    if (strncmp(*given, prefix, sizeof prefix - 1) == 0 && strncmp(*given, own, sizeof own - 1) != 0) environment[used++] = *given;
  }
  return environment;
}

int main(int argc, char **argv, char **given) {
  if (argc >= 3 && strcmp(argv[1], "--rescue") == 0) {
    open_console();
    rescue(argv + 2);
  }
  mount_api_file_systems();
  open_console();
  load_modules();
  char *arguments[] = { "heartwood", "--system", NULL };
  execve(LAUNCHER, arguments, make_environment(given));
  char reason[PATH_MAX];
  snprintf(reason, sizeof reason, "%s: %s", LAUNCHER, strerror(errno));
  char *words[] = { reason, "--", LAUNCHER, "heartwood", "--system", NULL };
  rescue(words);
}

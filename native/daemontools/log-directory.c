#include "daemontools/log-directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemontools/tai64n.h"
#include "daemontools/tool.h"

enum { FILE_BYTES_MIN = 4096, FILE_BYTES_MAX = 16777215, FILES_KEPT_MIN = 2 };
/* A file this close to full ends with a line rather than in the middle of the next. */
enum { LINE_END_ROOM = 2000 };
enum { BUFFER_BYTES = 512 };
/* Of `current`: being written, complete. The owner's x is the mark. */
enum { MODE_OPEN = 0644, MODE_COMPLETE = 0744 };

struct log_directory {
  const char *name;
  struct directory_settings settings;
  int fd;
  int current;
  unsigned long current_bytes;
  char buffer[BUFFER_BYTES];
  size_t buffered;
};

static int open_current(const struct log_directory *directory) {
  return openat(directory->fd, "current", O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600);
}

/* Removes the oldest files beyond the number. */
static void remove_oldest(struct log_directory *directory) {
  for (;;) {
    int fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
      if (fd >= 0) close(fd);
      pause_for_trouble("unable to read ", directory->name, ", pausing: ");
      continue;
    }
    unsigned long count = 0;
    char oldest[NAME_MAX + 1] = "";
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
      if (entry->d_name[0] != '@' || strlen(entry->d_name) < TAI64N_LABEL_BYTES) continue;
      count++;
      /* Labels sort by time. */
      if (oldest[0] == '\0' || strcmp(entry->d_name, oldest) < 0) strcpy(oldest, entry->d_name);
    }
    int error = errno;
    closedir(entries);
    if (error != 0) {
      errno = error;
      pause_for_trouble("unable to read ", directory->name, ", pausing: ");
      continue;
    }
    if (count < directory->settings.files_kept) return;
    while (unlinkat(directory->fd, oldest, 0) != 0 && errno != ENOENT) {
      pause_for_trouble("unable to remove ", directory->name, "/", oldest, ", pausing: ");
    }
  }
}

/* A file becomes an old one, if it is there. A second name first: at no instant it has none. */
static void make_old(struct log_directory *directory, const char *file, const char *suffix) {
  struct stat status;
  while (fstatat(directory->fd, file, &status, 0) != 0) {
    if (errno == ENOENT) return;
    pause_for_trouble("unable to stat ", directory->name, "/", file, ", pausing: ");
  }
  /* Two names: the one before us came so far and no further. */
  while (status.st_nlink == 1) {
    char name[TAI64N_LABEL_BYTES + 3] = "";
    write_label_of_now(name);
    strcat(name, suffix);
    if (linkat(directory->fd, file, directory->fd, name, 0) == 0) break;
    if (errno == ENOENT) return;
    pause_for_trouble("unable to link to ", directory->name, "/", name, ", pausing: ");
  }
  while (unlinkat(directory->fd, file, 0) != 0 && errno != ENOENT) pause_for_trouble("unable to remove ", directory->name, "/", file, ", pausing: ");
  remove_oldest(directory);
}

/* In the child: descriptor `to` becomes a file of the directory. */
static void give_file(const struct log_directory *directory, const char *file, int flags, int to) {
  int fd = openat(directory->fd, file, flags, 0644);
  if (fd < 0) die_of_error((flags & O_CREAT) != 0 ? "unable to create " : "unable to read ", directory->name, "/", file, ": ", NULL);
  if (fd == to) return;
  dup2(fd, to);
  close(fd);
}

_Noreturn static void become_processor(const struct log_directory *directory) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGTERM, SIG_DFL);
  signal(SIGALRM, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  /* Out of the way of the numbers that the processor expects. */
  struct log_directory moved = *directory;
  moved.fd = fcntl(directory->fd, F_DUPFD_CLOEXEC, 10);
  if (moved.fd < 0 || fchdir(moved.fd) != 0) die_of_error("unable to switch to ", directory->name, ": ", NULL);
  give_file(&moved, "previous", O_RDONLY, STDIN_FILENO);
  give_file(&moved, "processed", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  give_file(&moved, "state", O_RDONLY, 4);
  give_file(&moved, "newstate", O_WRONLY | O_CREAT | O_TRUNC, 5);
  execl("/bin/sh", "sh", "-c", directory->settings.processor, (char *)NULL);
  die_of_error("unable to run ", directory->settings.processor, ": ", NULL);
}

/* Runs the processor until it says that it succeeded. */
static void process_previous(const struct log_directory *directory) {
  for (;;) {
    pid_t child = fork();
    if (child == 0) become_processor(directory);
    if (child < 0) {
      pause_for_trouble("unable to fork for processor in ", directory->name, ", pausing: ");
      continue;
    }
    int status;
    while (waitpid(child, &status, 0) < 0) {
      if (errno != EINTR) die_of_error("wait failed for processor in ", directory->name, ": ", NULL);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    errno = 0;
    pause_for_trouble(WIFSIGNALED(status) ? "processor crashed in " : "processor failed in ", directory->name, ", pausing");
  }
}

/* What the processor wrote is put on the disk. */
static void make_safe(const struct log_directory *directory, const char *file, mode_t mode) {
  for (;;) {
    int fd = openat(directory->fd, file, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
    bool safe = fd >= 0 && fsync(fd) == 0 && fchmod(fd, mode) == 0;
    if (fd >= 0) close(fd);
    if (safe) return;
    pause_for_trouble("unable to write ", directory->name, "/", file, " to disk, pausing: ");
  }
}

/* `current` is full: it becomes an old file, and an empty one takes its place. */
static void rotate(struct log_directory *directory) {
  while (fsync(directory->current) != 0) pause_for_trouble("unable to write ", directory->name, "/current to disk, pausing: ");
  close(directory->current);
  while (renameat(directory->fd, "current", directory->fd, "previous") != 0) {
    pause_for_trouble("unable to rename current to previous in directory ", directory->name, ", pausing: ");
  }
  while ((directory->current = open_current(directory)) < 0) pause_for_trouble("unable to create ", directory->name, "/current, pausing: ");
  directory->current_bytes = 0;
  while (fchmod(directory->current, MODE_OPEN) != 0) pause_for_trouble("unable to set mode of ", directory->name, "/current, pausing: ");
  while (fchmodat(directory->fd, "previous", MODE_COMPLETE, 0) != 0) {
    pause_for_trouble("unable to set mode of ", directory->name, "/previous, pausing: ");
  }
  if (directory->settings.processor == NULL) {
    make_old(directory, "previous", ".s");
    return;
  }
  process_previous(directory);
  make_safe(directory, "newstate", MODE_OPEN);
  make_safe(directory, "processed", MODE_COMPLETE);
  while (unlinkat(directory->fd, "previous", 0) != 0) pause_for_trouble("unable to remove ", directory->name, "/previous, pausing: ");
  while (renameat(directory->fd, "newstate", directory->fd, "state") != 0) {
    pause_for_trouble("unable to rename newstate to state in directory ", directory->name, ", pausing: ");
  }
  make_old(directory, "processed", ".s");
}

static void write_out(struct log_directory *directory, const char *bytes, size_t length) {
  while (length > 0) {
    if (directory->current_bytes >= directory->settings.file_bytes) rotate(directory);
    size_t piece = length;
    if (piece > directory->settings.file_bytes - directory->current_bytes) piece = directory->settings.file_bytes - directory->current_bytes;
    ssize_t wrote = write(directory->current, bytes, piece);
    if (wrote <= 0) {
      if (wrote == 0 || errno != EINTR) pause_for_trouble("unable to write to ", directory->name, "/current, pausing: ");
      continue;
    }
    directory->current_bytes += (unsigned long)wrote;
    bytes += wrote;
    length -= (size_t)wrote;
    if (directory->current_bytes >= directory->settings.file_bytes - LINE_END_ROOM && bytes[-1] == '\n') rotate(directory);
  }
}

void flush_directory(struct log_directory *directory) {
  size_t length = directory->buffered;
  directory->buffered = 0;
  write_out(directory, directory->buffer, length);
}

void put_in_directory(struct log_directory *directory, const char *bytes, size_t length) {
  if (length > BUFFER_BYTES - directory->buffered) flush_directory(directory);
  if (length > BUFFER_BYTES) {
    write_out(directory, bytes, length);
    return;
  }
  memcpy(directory->buffer + directory->buffered, bytes, length);
  directory->buffered += length;
}

void rotate_directory_that_holds_any(struct log_directory *directory) {
  if (directory->current_bytes > 0) rotate(directory);
}

void close_log_directory(struct log_directory *directory) {
  flush_directory(directory);
  while (fsync(directory->current) != 0) pause_for_trouble("unable to write ", directory->name, "/current to disk, pausing: ");
  while (fchmod(directory->current, MODE_COMPLETE) != 0) pause_for_trouble("unable to set mode of ", directory->name, "/current, pausing: ");
  close(directory->current);
}

/* The writer before us was killed: what it left is kept, marked as cut off unless it was complete already. */
static void recover(struct log_directory *directory) {
  struct stat status;
  unlinkat(directory->fd, "state", 0);
  unlinkat(directory->fd, "newstate", 0);
  bool processed = fstatat(directory->fd, "processed", &status, 0) == 0 && (status.st_mode & S_IXUSR) != 0;
  if (processed) {
    unlinkat(directory->fd, "previous", 0);
    make_old(directory, "processed", ".s");
  } else {
    unlinkat(directory->fd, "processed", 0);
    make_old(directory, "previous", ".u");
  }
  make_old(directory, "current", ".u");
  int state = openat(directory->fd, "state", O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0644);
  if (state < 0) die_of_error("unable to write to ", directory->name, "/state: ", NULL);
  close(state);
}

static unsigned long clamp(unsigned long value, unsigned long low, unsigned long high) {
  if (value < low) return low;
  return value > high ? high : value;
}

struct log_directory *open_log_directory(const char *name, struct directory_settings settings) {
  struct log_directory *directory = calloc(1, sizeof *directory);
  if (directory == NULL) die_of_error("unable to open directory ", name, ": ", NULL);
  directory->name = name;
  directory->settings = settings;
  directory->settings.file_bytes = clamp(settings.file_bytes, FILE_BYTES_MIN, FILE_BYTES_MAX);
  directory->settings.files_kept = clamp(settings.files_kept, FILES_KEPT_MIN, (unsigned long)-1);
  mkdir(name, 0700);
  directory->fd = open(name, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  if (directory->fd < 0) die_of_error("unable to open directory ", name, ": ", NULL);
  int lock = openat(directory->fd, "lock", O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) die_of_error("unable to lock directory ", name, ": ", NULL);
  struct stat status;
  if (fstatat(directory->fd, "current", &status, 0) == 0) {
    if ((status.st_mode & S_IXUSR) == 0) recover(directory);
    else directory->current_bytes = (unsigned long)status.st_size;
  } else if (errno == ENOENT) {
    recover(directory);
  } else {
    die_of_error("unable to stat ", name, "/current: ", NULL);
  }
  directory->current = open_current(directory);
  if (directory->current < 0) die_of_error("unable to write to ", name, "/current: ", NULL);
  if (fchmod(directory->current, MODE_OPEN) != 0) die_of_error("unable to set mode of ", name, "/current: ", NULL);
  return directory;
}

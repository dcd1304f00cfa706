/* What an errno is called in the messages of daemontools: scripts and people know these words. */
#include "daemontools/tool.h"

#include <errno.h>

static const struct { int error; const char *text; } TEXTS[] = {
  { EINTR, "interrupted system call" },
  { ENOMEM, "out of memory" },
  { ENOENT, "file does not exist" },
  { ETXTBSY, "text busy" },
  { EIO, "input/output error" },
  { EEXIST, "file already exists" },
  { ETIMEDOUT, "timed out" },
  { EINPROGRESS, "operation in progress" },
  { EAGAIN, "temporary failure" },
  { EPIPE, "broken pipe" },
  { EPERM, "permission denied" },
  { EACCES, "access denied" },
  { ENXIO, "device not configured" },
  { EPROTO, "protocol error" },
  { EISDIR, "is a directory" },
  { ECONNREFUSED, "connection refused" },
  { ENOTDIR, "not a directory" },
  { ESRCH, "no such process" },
  { E2BIG, "argument list too long" },
  { ENOEXEC, "exec format error" },
  { EBADF, "file descriptor not open" },
  { ECHILD, "no child processes" },
  { EDEADLK, "operation would cause deadlock" },
  { EFAULT, "bad address" },
  { ENOTBLK, "not a block device" },
  { EBUSY, "device busy" },
  { EXDEV, "cross-device link" },
  { ENODEV, "device does not support operation" },
  { EINVAL, "invalid argument" },
  { ENFILE, "system cannot open more files" },
  { EMFILE, "process cannot open more files" },
  { ENOTTY, "not a tty" },
  { EFBIG, "file too big" },
  { ENOSPC, "out of disk space" },
  { ESPIPE, "unseekable descriptor" },
  { EROFS, "read-only file system" },
  { EMLINK, "too many links" },
  { ELOOP, "symbolic link loop" },
  { ENAMETOOLONG, "file name too long" },
  { ENOTEMPTY, "directory not empty" },
  { EDQUOT, "disk quota exceeded" },
  { ESTALE, "stale NFS file handle" },
  { ENOLCK, "no locks available" },
  { ENOSYS, "system call not available" },
};

const char *error_text(int error) {
  for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
    if (TEXTS[i].error == error) return TEXTS[i].text;
  }
  return error == 0 ? "no error" : "unknown error";
}

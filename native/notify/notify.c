/*
 * heartwood-notify: lets a script, or a program that cannot send unix datagrams (Node), talk to the service manager.
 *
 *     heartwood-notify READY=1 'STATUS=Serving on port 80'
 *
 * Each argument is one assignment of sd_notify(3); all go out as one message to $NOTIFY_SOCKET. The unit needs
 * NotifyAccess=all (or exec), because the sender is this process and not the unit's main one.
 *
 * A message is worth nothing when its sender is gone before the manager has looked up whose it is. So a second message
 * carries one end of a pipe (BARRIER=1), which the manager closes once it has dealt with everything before it; this
 * program waits for that.
 *
 * Exit status: 0 sent, 1 could not be sent or was not taken in time, 2 wrong usage. Without $NOTIFY_SOCKET there is
 * nobody to tell, which is no error: a service may be run by hand.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EXIT_NOT_SENT = 1, EXIT_USAGE = 2 };
/* The manager answers within a turn; this long means that it does not know the barrier, or hangs. */
enum { BARRIER_WAIT_MS = 5000 };
/* What the manager reads of one message at most. */
enum { MESSAGE_BYTES_MAX = 64 * 1024 };

static int fail(const char *what) {
  fprintf(stderr, "heartwood-notify: %s: %s\n", what, strerror(errno));
  return EXIT_NOT_SENT;
}

/* Fills the address of the socket; its length, or 0 when the name is none. `@` stands for the abstract name space. */
static socklen_t socket_address(const char *name, struct sockaddr_un *address) {
  size_t length = strlen(name);
  if (length < 2 || length >= sizeof address->sun_path || (name[0] != '/' && name[0] != '@')) return 0;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, name, length);
  if (name[0] == '@') address->sun_path[0] = '\0';
  /* An abstract name ends with its last byte, a path with a zero. */
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/' ? 1 : 0));
}

/* One message of the arguments, a line each; its length, or -1 when it is too long. */
static ssize_t join_lines(char *message, char *const *lines) {
  size_t used = 0;
  for (; *lines != NULL; lines++) {
    size_t length = strlen(*lines);
    if (used + length + 1 > MESSAGE_BYTES_MAX) return -1;
    memcpy(message + used, *lines, length);
    used += length;
    message[used++] = '\n';
  }
  return (ssize_t)used;
}

static int send_barrier(int socket_fd) {
  int ends[2];
  if (pipe(ends) < 0) return fail("pipe");
  char text[] = "BARRIER=1";
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = { 0 };
  struct iovec data = { .iov_base = text, .iov_len = sizeof text - 1 };
  struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), &ends[1], sizeof(int));
  if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0) return fail("the manager's socket");
  close(ends[1]);
  struct pollfd hang_up = { .fd = ends[0] };
  int ready = poll(&hang_up, 1, BARRIER_WAIT_MS);
  if (ready > 0) return 0;
  if (ready == 0) errno = ETIMEDOUT;
  return fail("waiting for the manager");
}

int main(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "--help") == 0) {
    fprintf(argc < 2 ? stderr : stdout, "usage: heartwood-notify NAME=VALUE...\nfor example: heartwood-notify READY=1 'STATUS=Serving'\n");
    return argc < 2 ? EXIT_USAGE : 0;
  }
  for (int i = 1; i < argc; i++) {
    if (strchr(argv[i], '=') != NULL && strchr(argv[i], '\n') == NULL) continue;
    fprintf(stderr, "heartwood-notify: not an assignment on one line: %s\n", argv[i]);
    return EXIT_USAGE;
  }
  const char *name = getenv("NOTIFY_SOCKET");
  if (name == NULL || *name == '\0') return 0;
  struct sockaddr_un address;
  socklen_t address_length = socket_address(name, &address);
  if (address_length == 0) {
    errno = EINVAL;
    return fail("$NOTIFY_SOCKET");
  }
  static char message[MESSAGE_BYTES_MAX];
  ssize_t length = join_lines(message, argv + 1);
  if (length < 0) {
    errno = EMSGSIZE;
    return fail("message");
  }
  int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return fail("socket");
  if (connect(socket_fd, (struct sockaddr *)&address, address_length) < 0) return fail("the manager's socket");
  if (send(socket_fd, message, (size_t)length, MSG_NOSIGNAL) < 0) return fail("the manager's socket");
  return send_barrier(socket_fd);
}

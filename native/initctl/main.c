/*
 * initctl: the small client. Carries the command line to the manager, which runs the verb, and prints what comes back; a whole command
 * takes about a millisecond, where starting Node takes forty.
 *
 * The conversation (docs: control protocol): two lines out, `hello` and `cli`; then `output` messages with text, `log` messages that
 * ask for the end of a unit's log (which the log's own process has, not the manager), and the answer with the exit status.
 *
 * What the manager does not do runs in Node, in initctl.js: verbs that work on files or logs (the manager answers {"run":"node"}), the
 * prompt, and whatever can be done when no manager answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "node.h"

enum {
  EXIT_TROUBLE = 1,
  EXIT_INTERRUPTED = 130,
  /* The longest message is one `output` of 32 Ki characters, each of them at most six bytes. */
  MESSAGE_BYTES_MAX = 512 * 1024,
  /* How long the log may take to answer: it is an extra, and must not make `status` hang. */
  LOG_TIMEOUT_MSEC = 3000,
  /* A manager that is executed anew ends the conversation and takes it up again within a tenth of a second; one that dies again and
   * again is not waited for. */
  CONVERSATIONS_MAX = 20,
  /* Wider than any terminal; more in $COLUMNS is a slip of the keyboard. */
  COLUMNS_MAX = 10000,
  RECONNECT_PAUSE_MSEC = 100,
  KEY_BYTES = 16,
};

static char message[MESSAGE_BYTES_MAX];
static char text[MESSAGE_BYTES_MAX];
static volatile sig_atomic_t interrupts;
/* Something was printed: the command cannot be given anew. */
static bool printed;
/* By which a manager that was executed anew knows the command again. */
static char key[2 * KEY_BYTES + 1];

static void on_interrupt(int signal_number) {
  (void)signal_number;
  /* A second Ctrl-C does not ask anybody. */
  if (++interrupts > 1) _exit(EXIT_INTERRUPTED);
}

static void complain(const char *what) { dprintf(STDERR_FILENO, "initctl: %s\n", what); }

static bool write_all(int fd, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      struct pollfd ready = { .fd = fd, .events = POLLOUT };
      poll(&ready, 1, -1);
      continue;
    }
    if (written < 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

/* --- where the manager is ------------------------------------------------------------------------------------------------- */

struct command_line {
  bool user;
  bool system;
  /* Has --root: works on files, without a manager. */
  bool offline;
  /* Only the program's name was given. */
  bool bare;
  const char *socket;
};

static struct command_line read_command_line(int argc, char **argv) {
  struct command_line line = { .bare = argc == 1 };
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--user") == 0) line.user = true;
    else if (strcmp(argv[i], "--system") == 0) line.system = true;
    else if (strcmp(argv[i], "--console") == 0) line.bare = line.bare || argc == 2;
    else if (strncmp(argv[i], "--root", 6) == 0 && (argv[i][6] == '\0' || argv[i][6] == '=')) line.offline = true;
    else if (strncmp(argv[i], "--socket=", 9) == 0) line.socket = argv[i] + 9;
    else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc) line.socket = argv[++i];
  }
  return line;
}

static int connect_address(const struct sockaddr_un *address, socklen_t size) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (const struct sockaddr *)address, size) < 0) {
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
  }
  return fd;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  return connect_address(&address, sizeof address);
}

/* Where a manager goes that may not write the usual place: a directory with our number, which only we can look into. */
static int connect_below(const char *parent) {
  char path[PATH_MAX];
  struct stat status;
  if (parent == NULL || *parent == '\0') return -1;
  if (snprintf(path, sizeof path, "%s/heartwood-%u", parent, (unsigned)getuid()) >= (int)sizeof path - 8) return -1;
  /* Everybody may write the parent: a directory that is not our own is somebody's trap. */
  if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid() || (status.st_mode & 077) != 0) return -1;
  strcat(path, "/control");
  return connect_to(path);
}

/* Where PID 1 goes that may write nothing at all. Anybody could take the name, so only PID 1 is believed. */
static int connect_abstract(void) {
  static const char name[] = "heartwood-1-control";
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  memcpy(address.sun_path + 1, name, sizeof name - 1);
  int fd = connect_address(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name));
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (fd >= 0 && (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid != 1)) {
    close(fd);
    return -1;
  }
  return fd;
}

/* Connects to the manager that is meant; without one, -1, errno, and in `path` where it was looked for first. */
static int find_manager(const struct command_line *line, char *path, size_t size) {
  const char *chosen = line->socket != NULL ? line->socket : getenv("HEARTWOOD_SOCKET");
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  bool is_chosen = chosen != NULL && *chosen != '\0';
  bool has_runtime = runtime != NULL && *runtime != '\0';
  if (is_chosen) snprintf(path, size, "%s", chosen);
  else if (!line->user) snprintf(path, size, "/run/heartwood/control");
  else if (has_runtime) snprintf(path, size, "%s/heartwood/control", runtime);
  else snprintf(path, size, "the temporary directory");
  int fd = is_chosen || !line->user || has_runtime ? connect_to(path) : -1;
  if (fd >= 0 || is_chosen) return fd;
  int reason = errno;
  const char *temporary = getenv("TMPDIR");
  fd = connect_below(temporary != NULL && *temporary != '\0' ? temporary : "/tmp");
  if (fd < 0) fd = connect_below("/dev/shm");
  if (fd < 0 && !line->user) fd = connect_abstract();
  errno = reason;
  return fd;
}

/* --- what is asked -------------------------------------------------------------------------------------------------------- */

static int columns_of(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* What $COLUMNS says comes first, as in systemctl(1). The same in Node: src/initctl/caller-terminal.ts. */
static int width_of_terminal(void) {
  const char *set = getenv("COLUMNS");
  char *end;
  long columns = set == NULL ? 0 : strtol(set, &end, 10);
  return columns > 0 && columns <= COLUMNS_MAX && *end == '\0' ? (int)columns : columns_of(STDOUT_FILENO);
}

/* $SYSTEMD_COLORS decides, then $NO_COLOR, then whether this is a terminal that can. Sources: systemctl(1), no-color.org */
static bool wants_colour(bool terminal) {
  static const char *const no[] = { "0", "no", "n", "false", "f", "off" };
  static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", "16", "256" };
  const char *set = getenv("SYSTEMD_COLORS");
  for (size_t i = 0; set != NULL && i < sizeof no / sizeof *no; i++) if (strcasecmp(set, no[i]) == 0) return false;
  for (size_t i = 0; set != NULL && i < sizeof yes / sizeof *yes; i++) if (strcasecmp(set, yes[i]) == 0) return true;
  const char *term = getenv("TERM");
  return terminal && getenv("NO_COLOR") == NULL && term != NULL && strcmp(term, "dumb") != 0;
}

/* The console of Linux has colours in its place. */
static bool can_underline(void) {
  const char *term = getenv("TERM");
  return term == NULL || strcmp(term, "linux") != 0;
}

static bool speaks_unicode(void) {
  static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value == NULL || *value == '\0') continue;
    if (strcmp(value, "C") == 0 || strcmp(value, "POSIX") == 0) return false;
    return true;
  }
  /* A container says nothing; terminals without UTF-8 have become rare. */
  return true;
}

static bool send_request(int fd, const char *program, int argc, char **argv) {
  size_t bytes = 512;
  for (int i = 1; i < argc; i++) bytes += strlen(argv[i]) * 6 + 3;
  char *request = malloc(bytes);
  if (request == NULL) return false;
  bool out = isatty(STDOUT_FILENO);
  /* apt gives the scripts of packages a terminal, and writes what they say there into a log: nobody watches progress. */
  bool err = isatty(STDERR_FILENO) && getenv("DPKG_MAINTSCRIPT_NAME") == NULL;
  bool colour = wants_colour(out && err);
  int columns = out ? width_of_terminal() : err ? columns_of(STDERR_FILENO) : 0;
  size_t used = (size_t)sprintf(request,
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"protocol\":1,\"client\":\"initctl\"}}\n"
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"cli\",\"params\":{\"program\":\"%s\",\"columns\":%d,\"stdoutTty\":%s,\"stderrTty\":%s,"
    "\"colour\":%s,\"underline\":%s,\"unicode\":%s,\"key\":\"%s\",\"argv\":[",
    program, columns, out ? "true" : "false", err ? "true" : "false", colour ? "true" : "false", can_underline() ? "true" : "false", speaks_unicode() ? "true" : "false", key);
  for (int i = 1; i < argc; i++) {
    if (i > 1) request[used++] = ',';
    used += json_quote(argv[i], request + used);
  }
  memcpy(request + used, "]}}\n", 4);
  bool sent = write_all(fd, request, used + 4);
  free(request);
  return sent;
}

/* --- what comes back ------------------------------------------------------------------------------------------------------ */

/* Asks the log for the lines below a status. A log that is not there, or not for us, is no error: the status was the question. */
static void show_log(struct json params) {
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
  struct json socket_path = json_find(params, "socket");
  if (!json_present(socket_path) || (size_t)(socket_path.end - socket_path.begin) > sizeof path) return;
  long length = json_string(socket_path, path);
  if (length <= 0) return;
  path[length] = '\0';
  int fd = connect_to(path);
  if (fd < 0) return;
  length = json_string(json_find(params, "query"), text);
  if (length > 0 && write_all(fd, text, (size_t)length) && write_all(fd, "\n", 1)) {
    bool first = true;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    while (poll(&ready, 1, LOG_TIMEOUT_MSEC) > 0) {
      ssize_t count = read(fd, text, sizeof text);
      if (count <= 0) break;
      if (first && count >= 7 && memcmp(text, "error: ", 7) == 0) break;
      if (first) write_all(STDOUT_FILENO, "\n", 1);
      first = false;
      if (!write_all(STDOUT_FILENO, text, (size_t)count)) break;
    }
  }
  close(fd);
}

/* Becomes a command, with the streams, the environment and the directory of the caller. Returns only when it cannot. */
static int become(struct json words) {
  size_t count = 0;
  struct json at = { 0 };
  while (json_next(words, &at)) count++;
  char **argv = calloc(count + 1, sizeof *argv);
  if (argv == NULL || count == 0) return EXIT_TROUBLE;
  at = (struct json){ 0 };
  for (size_t i = 0; i < count && json_next(words, &at); i++) {
    argv[i] = malloc((size_t)(at.end - at.begin) + 1);
    long length = argv[i] == NULL ? -1 : json_string(at, argv[i]);
    if (length < 0) return EXIT_TROUBLE;
    argv[i][length] = '\0';
  }
  signal(SIGPIPE, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  execvp(argv[0], argv);
  dprintf(STDERR_FILENO, "Failed to execute %s: %s\n", argv[0], strerror(errno));
  return EXIT_TROUBLE;
}

enum outcome { GO_ON = -1, RUN_NODE = -2, ENDED = -3 };

/* An exit status, or one of the above. */
static int on_message(struct json whole) {
  struct json params = json_find(whole, "params");
  char method[32];
  struct json name = json_find(whole, "method");
  if (json_present(name)) {
    if (name.end - name.begin > (long)sizeof method) return GO_ON;
    long length = json_string(name, method);
    if (length < 0) return GO_ON;
    method[length] = '\0';
    if (strcmp(method, "output") == 0) {
      length = json_string(json_find(params, "text"), text);
      int fd = json_number(json_find(params, "stream"), 1) == 2 ? STDERR_FILENO : STDOUT_FILENO;
      printed |= fd == STDOUT_FILENO;
      if (length > 0 && !write_all(fd, text, (size_t)length)) return EXIT_TROUBLE;
    } else if (strcmp(method, "log") == 0) {
      show_log(params);
    }
    return GO_ON;
  }
  struct json error = json_find(whole, "error");
  if (json_present(error)) {
    long length = json_string(json_find(error, "message"), text);
    dprintf(STDERR_FILENO, "initctl: the manager says: %.*s\n", (int)(length < 0 ? 0 : length), text);
    return EXIT_TROUBLE;
  }
  if (json_number(json_find(whole, "id"), 0) != 2) return GO_ON;
  struct json result = json_find(whole, "result");
  if (json_present(json_find(result, "run"))) return RUN_NODE;
  if (json_present(json_find(result, "exec"))) return become(json_find(result, "exec"));
  return (int)json_number(json_find(result, "exit"), EXIT_TROUBLE);
}

/* An exit status, RUN_NODE, or ENDED when the manager hung up before it had answered. */
static int converse(int fd) {
  size_t held = 0;
  int asked_to_stop = 0;
  for (;;) {
    if (interrupts > asked_to_stop) {
      static const char request[] = "{\"jsonrpc\":\"2.0\",\"method\":\"interrupt\"}\n";
      asked_to_stop = interrupts;
      if (!write_all(fd, request, sizeof request - 1)) return EXIT_INTERRUPTED;
    }
    ssize_t count = read(fd, message + held, sizeof message - held);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (interrupts > 0) return EXIT_INTERRUPTED;
      /* It died, or was executed anew: either way it knows what it was asked, and is asked for the answer again. */
      return ENDED;
    }
    held += (size_t)count;
    char *begin = message;
    char *newline;
    while ((newline = memchr(begin, '\n', held - (size_t)(begin - message))) != NULL) {
      int outcome = on_message((struct json){ begin, newline });
      if (outcome != GO_ON) return outcome;
      begin = newline + 1;
    }
    held -= (size_t)(begin - message);
    memmove(message, begin, held);
    if (held == sizeof message) {
      complain("the manager sent a message that is too long");
      return EXIT_TROUBLE;
    }
  }
}

static void make_key(void) {
  unsigned char bytes[KEY_BYTES];
  /* Without random bytes there is no key, and a command that is cut off is asked anew. */
  if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != (ssize_t)sizeof bytes) return;
  for (size_t i = 0; i < sizeof bytes; i++) sprintf(key + 2 * i, "%02x", bytes[i]);
}

/* A connection to the manager that has hung up, or -1 when it does not come back. */
static int connect_again(const char *path) {
  const struct timespec pause = { .tv_nsec = RECONNECT_PAUSE_MSEC * 1000000L };
  nanosleep(&pause, NULL);
  return connect_to(path);
}

int main(int argc, char **argv) {
  const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  const char *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "initctl";
  /* Names of old stand for command lines of systemctl; which, is said in one place. */
  static const char *const old_names[] = { "halt", "poweroff", "reboot", "shutdown", "telinit", "init", "runlevel" };
  for (size_t i = 0; i < sizeof old_names / sizeof *old_names; i++) {
    if (strcmp(name, old_names[i]) == 0) return run_in_node("initctl", name, argc, argv, NULL);
  }
  const char *program = strcmp(name, "systemctl") == 0 ? "systemctl" : "initctl";
  struct command_line line = read_command_line(argc, argv);
  bool prompt = line.bare && strcmp(program, "initctl") == 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (prompt || line.offline) return run_in_node("initctl", program, argc, argv, NULL);

  char path[PATH_MAX];
  int fd = find_manager(&line, path, sizeof path);
  if (fd < 0) {
    char reason[PATH_MAX + 128];
    snprintf(reason, sizeof reason, "no manager answers at %s: %s", path, strerror(errno));
    return run_in_node("initctl", program, argc, argv, reason);
  }
  /* Without SA_RESTART, so that the read below is interrupted and the manager told. */
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action = { .sa_handler = on_interrupt };
  sigaction(SIGINT, &action, NULL);
  make_key();
  int outcome;
  for (int conversations = 1;; conversations++) {
    /* A manager that dropped us before the request was written has said why: that is read in any case. */
    (void)send_request(fd, program, argc, argv);
    outcome = converse(fd);
    close(fd);
    if (outcome != ENDED) break;
    fd = printed || conversations == CONVERSATIONS_MAX ? -1 : connect_again(path);
    if (fd < 0) {
      complain("the manager ended the conversation");
      return EXIT_TROUBLE;
    }
  }
  if (outcome == RUN_NODE) {
    action.sa_handler = SIG_DFL;
    sigaction(SIGINT, &action, NULL);
    return run_in_node("initctl", program, argc, argv, NULL);
  }
  return outcome;
}

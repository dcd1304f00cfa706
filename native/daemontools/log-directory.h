/*
 * A directory of log files as multilog keeps it:
 *
 *   lock       held by the one writer
 *   current    what is being written; mode 0644, and 0744 once it is safely on the disk
 *   @LABEL.s   an old file, complete; @LABEL.u one that was cut off
 *   state      what the processor wants to remember
 *   previous, processed, newstate   on the way from `current` to an old file
 *
 * Trouble with the disk is told and waited out. Nothing is ever dropped.
 */
#ifndef HEARTWOOD_DAEMONTOOLS_LOG_DIRECTORY_H
#define HEARTWOOD_DAEMONTOOLS_LOG_DIRECTORY_H

#include <stddef.h>

struct log_directory;

struct directory_settings {
  /* When `current` is full; put into its range by open_log_directory. */
  unsigned long file_bytes;
  /* How many files are there at most, `current` among them. At least 2. */
  unsigned long files_kept;
  /* A command of the shell that full files go through, or NULL. */
  const char *processor;
};

/* Dies when it cannot be had: nothing has been read then. */
struct log_directory *open_log_directory(const char *name, struct directory_settings settings);

void put_in_directory(struct log_directory *directory, const char *bytes, size_t length);

/* Writes out what `put_in_directory` kept back. */
void flush_directory(struct log_directory *directory);

void rotate_directory_that_holds_any(struct log_directory *directory);

/* Writes out the rest, and marks `current` as complete. */
void close_log_directory(struct log_directory *directory);

/* Tells of errno after the parts, which end with ", pausing: ", and waits a while. */
#define pause_for_trouble(...) (warn(errno, __VA_ARGS__, NULL), (void)sleep(TROUBLE_PAUSE_SECONDS))
enum { TROUBLE_PAUSE_SECONDS = 5 };

#endif

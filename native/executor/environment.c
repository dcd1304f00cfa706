#include "executor/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "executor/directories.h"
#include "executor/report.h"

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *pattern, ...) {
  char *text;
  va_list list;
  va_start(list, pattern);
  if (vasprintf(&text, pattern, list) < 0) fail(STAGE_MEMORY, ENOMEM, "");
  va_end(list);
  return text;
}

static bool has_name(const char *assignment, const char *name, size_t length) {
  return strncmp(assignment, name, length) == 0 && assignment[length] == '=';
}

/* Where the variable stands in the block, or its end. */
static size_t find(const struct texts *block, const char *name, size_t length) {
  size_t index = 0;
  while (index < block->count && !has_name(block->items[index], name, length)) index++;
  return index;
}

static void assign(struct texts *block, char *assignment) {
  size_t index = find(block, assignment, strcspn(assignment, "="));
  if (index == block->count) append_text(block, assignment);
  else block->items[index] = assignment;
}

/* Removes `NAME`, or with a `NAME=VALUE` only that very assignment. */
static void unset(struct texts *block, const char *what) {
  size_t length = strcspn(what, "=");
  size_t index = find(block, what, length);
  if (index == block->count || (what[length] == '=' && strcmp(block->items[index], what) != 0)) return;
  memmove(block->items + index, block->items + index + 1, (block->count - index - 1) * sizeof *block->items);
  block->count--;
}

/* RUNTIME_DIRECTORY=/run/a:/run/b and kin. */
static void assign_directories(const struct exec_spec *spec, struct texts *block) {
  bool seen[CONFIGURATION + 1] = { false };
  for (size_t i = 0; i < spec->directories.count; i++) {
    struct service_directory directory = read_directory(spec, i);
    const char *variable = directory_variable(directory.kind);
    size_t present = find(block, variable, strlen(variable));
    /* The first of a kind replaces what the manager gave: it knows the names, and we know where they are. */
    assign(block, present < block->count && seen[directory.kind] ? format("%s:%s", block->items[present], directory.path)
                                                  : format("%s=%s", variable, directory.path));
    seen[directory.kind] = true;
    free(directory.path);
  }
}

static bool is_no_shell(const char *shell) {
  const char *name = strrchr(shell, '/');
  return *shell == '\0' || (name != NULL && strcmp(name, "/nologin") == 0);
}

char **make_environment(const struct exec_spec *spec, const struct identity *identity) {
  struct texts block = { NULL, 0 };
  for (size_t i = 0; i < spec->base_environment.count; i++) assign(&block, spec->base_environment.items[i]);
  if (identity->has_user) {
    assign(&block, format("HOME=%s", identity->user.home));
    assign(&block, format("LOGNAME=%s", identity->user.name));
    assign(&block, format("USER=%s", identity->user.name));
    if (!is_no_shell(identity->user.shell)) assign(&block, format("SHELL=%s", identity->user.shell));
  }
  assign_directories(spec, &block);
  if (spec->credentials_directory != NULL) assign(&block, format("CREDENTIALS_DIRECTORY=%s", spec->credentials_directory));
  for (size_t i = 0; i < spec->pid_variables.count; i++) assign(&block, format("%s=%d", spec->pid_variables.items[i], getpid()));
  for (size_t i = 0; i < spec->environment.count; i++) assign(&block, spec->environment.items[i]);
  for (size_t i = 0; i < spec->unset.count; i++) unset(&block, spec->unset.items[i]);
  append_text(&block, NULL);
  return block.items;
}

static size_t name_length(const char *text) {
  if (!isalpha((unsigned char)*text) && *text != '_') return 0;
  size_t length = 1;
  while (isalnum((unsigned char)text[length]) || text[length] == '_') length++;
  return length;
}

/* The value of a variable; "" when it is not set, as the manual says. */
static const char *value_of(char **environment, const char *name, size_t length) {
  for (; *environment != NULL; environment++) {
    if (has_name(*environment, name, length)) return *environment + length + 1;
  }
  return "";
}

struct buffer {
  char *bytes;
  size_t length;
  size_t room;
};

static void add_bytes(struct buffer *buffer, const char *bytes, size_t count) {
  if (buffer->length + count + 1 > buffer->room) {
    buffer->room = 2 * (buffer->length + count + 1);
    buffer->bytes = realloc(buffer->bytes, buffer->room);
    if (buffer->bytes == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  }
  memcpy(buffer->bytes + buffer->length, bytes, count);
  buffer->length += count;
  buffer->bytes[buffer->length] = '\0';
}

/* `${NAME}` and `$$` within one argument. A dollar sign before anything else stands for itself. */
static char *expand_within(const char *argument, char **environment) {
  struct buffer result = { NULL, 0, 0 };
  add_bytes(&result, "", 0);
  while (*argument != '\0') {
    size_t plain = strcspn(argument, "$");
    add_bytes(&result, argument, plain);
    argument += plain;
    if (*argument == '\0') break;
    size_t length = argument[1] == '{' ? name_length(argument + 2) : 0;
    if (argument[1] == '$') {
      add_bytes(&result, "$", 1);
      argument += 2;
    } else if (length > 0 && argument[2 + length] == '}') {
      const char *value = value_of(environment, argument + 2, length);
      add_bytes(&result, value, strlen(value));
      argument += length + 3;
    } else {
      add_bytes(&result, "$", 1);
      argument += 1;
    }
  }
  return result.bytes;
}

/* The words of a value: split at white space, quotes and backslashes as in a unit file. */
static void add_words(struct texts *words, const char *value) {
  for (;;) {
    value += strspn(value, " \t\n\r");
    if (*value == '\0') return;
    struct buffer word = { NULL, 0, 0 };
    add_bytes(&word, "", 0);
    char quote = '\0';
    for (; *value != '\0' && (quote != '\0' || strchr(" \t\n\r", *value) == NULL); value++) {
      if (*value == quote) quote = '\0';
      else if (quote == '\0' && (*value == '"' || *value == '\'')) quote = *value;
      else if (*value == '\\' && quote != '\'' && value[1] != '\0') add_bytes(&word, ++value, 1);
      else add_bytes(&word, value, 1);
    }
    append_text(words, word.bytes);
  }
}

char **make_arguments(const struct exec_spec *spec, char **environment) {
  struct texts arguments = { NULL, 0 };
  for (size_t i = 0; i < spec->arguments.count; i++) {
    char *argument = spec->arguments.items[i];
    if (!spec->expand || i == 0 || strchr(argument, '$') == NULL) {
      append_text(&arguments, argument);
      continue;
    }
    /* As in systemd a word that begins with a dollar sign is a variable to its end, also where no variable can have that name. */
    if (argument[0] == '$' && argument[1] != '$' && argument[1] != '{') add_words(&arguments, value_of(environment, argument + 1, strlen(argument + 1)));
    else append_text(&arguments, expand_within(argument, environment));
  }
  append_text(&arguments, NULL);
  return arguments.items;
}

/*
 * As much JSON as the client needs: looking up a key of an object, and reading a string or a number. Nothing is allocated; a value is
 * a span of the text it was found in.
 */
#ifndef HEARTWOOD_INITCTL_JSON_H
#define HEARTWOOD_INITCTL_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json {
  const char *begin;
  const char *end;
};

/* The value of `key` in the object `object`; an empty span when there is none, or when the text is no object. */
struct json json_find(struct json object, const char *key);

/*
 * The items of an array, one after the other: `at` is empty before the first call, and the item then. False when there is none left, or
 * when the text is no array.
 */
bool json_next(struct json array, struct json *at);

static inline bool json_present(struct json value) { return value.begin < value.end; }

/* A whole number that is not negative; `fallback` for everything else. */
long json_number(struct json value, long fallback);

/*
 * Undoes the quoting of a string into `into`, which needs no more room than the span has bytes. Returns the number of bytes, or -1 when
 * the value is no string.
 */
long json_string(struct json value, char *into);

/* Writes `text` as a JSON string into `into` (room for 6 bytes for each byte of text and two quotes). Returns the bytes written. */
size_t json_quote(const char *text, char *into);

#endif

#include "json.h"

#include <stdint.h>
#include <string.h>

/* Deeper values than any answer has; a hostile text must not overflow the stack. */
enum { DEPTH_MAX = 64 };

static const char *skip_blanks(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) at++;
  return at;
}

/* Behind the string that begins at `at`; NULL when it does not end. */
static const char *skip_string(const char *at, const char *end) {
  for (at++; at < end; at++) {
    if (*at == '\\') at++;
    else if (*at == '"') return at + 1;
  }
  return NULL;
}

static const char *skip_value(const char *at, const char *end) {
  int depth = 0;
  do {
    at = skip_blanks(at, end);
    if (at >= end) return NULL;
    switch (*at) {
      case '{': case '[':
        if (++depth > DEPTH_MAX) return NULL;
        at++;
        break;
      case '}': case ']':
        depth--;
        at++;
        break;
      case '"':
        at = skip_string(at, end);
        if (at == NULL) return NULL;
        break;
      case ',': case ':':
        at++;
        break;
      default:
        while (at < end && strchr(",:]} \t\r\n", *at) == NULL) at++;
    }
  } while (depth > 0);
  return at;
}

struct json json_find(struct json object, const char *key) {
  const struct json none = { NULL, NULL };
  const char *at = skip_blanks(object.begin, object.end);
  if (at >= object.end || *at != '{') return none;
  at++;
  size_t length = strlen(key);
  for (;;) {
    at = skip_blanks(at, object.end);
    if (at >= object.end || *at != '"') return none;
    const char *name = at + 1;
    at = skip_string(at, object.end);
    if (at == NULL) return none;
    bool same = (size_t)(at - 1 - name) == length && memcmp(name, key, length) == 0;
    at = skip_blanks(at, object.end);
    if (at >= object.end || *at != ':') return none;
    at = skip_blanks(at + 1, object.end);
    const char *value = at;
    at = skip_value(at, object.end);
    if (at == NULL) return none;
    if (same) return (struct json){ value, at };
    at = skip_blanks(at, object.end);
    if (at >= object.end || *at != ',') return none;
    at++;
  }
}

bool json_next(struct json array, struct json *at) {
  const char *begin = json_present(*at) ? at->end : skip_blanks(array.begin, array.end);
  bool is_first = !json_present(*at);
  if (begin >= array.end || (is_first && *begin != '[')) return false;
  begin = skip_blanks(is_first ? begin + 1 : begin, array.end);
  if (!is_first && begin < array.end && *begin == ',') begin = skip_blanks(begin + 1, array.end);
  if (begin >= array.end || *begin == ']') return false;
  const char *end = skip_value(begin, array.end);
  if (end == NULL || end == begin) return false;
  *at = (struct json){ begin, end };
  return true;
}

long json_number(struct json value, long fallback) {
  if (!json_present(value)) return fallback;
  long number = 0;
  for (const char *at = value.begin; at < value.end; at++) {
    if (*at < '0' || *at > '9' || number > 100000000L) return fallback;
    number = number * 10 + (*at - '0');
  }
  return number;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* The four digits of \uXXXX, or -1. */
static long code_unit(const char *at, const char *end) {
  if (end - at < 4) return -1;
  long unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static char *put_utf8(char *into, uint32_t code) {
  if (code < 0x80) {
    *into++ = (char)code;
  } else if (code < 0x800) {
    *into++ = (char)(0xc0 | code >> 6);
    *into++ = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *into++ = (char)(0xe0 | code >> 12);
    *into++ = (char)(0x80 | (code >> 6 & 0x3f));
    *into++ = (char)(0x80 | (code & 0x3f));
  } else {
    *into++ = (char)(0xf0 | code >> 18);
    *into++ = (char)(0x80 | (code >> 12 & 0x3f));
    *into++ = (char)(0x80 | (code >> 6 & 0x3f));
    *into++ = (char)(0x80 | (code & 0x3f));
  }
  return into;
}

long json_string(struct json value, char *into) {
  if (!json_present(value) || *value.begin != '"' || value.end - value.begin < 2) return -1;
  char *begin = into;
  const char *end = value.end - 1;
  for (const char *at = value.begin + 1; at < end; at++) {
    if (*at != '\\') {
      *into++ = *at;
      continue;
    }
    if (++at >= end) return -1;
    switch (*at) {
      case 'n': *into++ = '\n'; break;
      case 't': *into++ = '\t'; break;
      case 'r': *into++ = '\r'; break;
      case 'b': *into++ = '\b'; break;
      case 'f': *into++ = '\f'; break;
      case 'u': {
        long unit = code_unit(at + 1, end);
        if (unit < 0) return -1;
        at += 4;
        long low = unit >= 0xd800 && unit < 0xdc00 && end - at > 6 && at[1] == '\\' && at[2] == 'u' ? code_unit(at + 3, end) : -1;
        if (low >= 0xdc00 && low < 0xe000) {
          unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          at += 6;
        }
        into = put_utf8(into, (uint32_t)unit);
        break;
      }
      default: *into++ = *at;
    }
  }
  return into - begin;
}

size_t json_quote(const char *text, char *into) {
  static const char hex[] = "0123456789abcdef";
  char *begin = into;
  *into++ = '"';
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
    if (*at == '"' || *at == '\\') {
      *into++ = '\\';
      *into++ = (char)*at;
    } else if (*at < 0x20) {
      memcpy(into, "\\u00", 4);
      into[4] = hex[*at >> 4];
      into[5] = hex[*at & 15];
      into += 6;
    } else {
      *into++ = (char)*at;
    }
  }
  *into++ = '"';
  return (size_t)(into - begin);
}

/*
 * Users and groups by name.
 *
 * The executor is linked statically, because it stands in the way of every service and a dynamic program starts twice as slowly.
 * glibc's getpwnam(3) needs the dynamic linker, so the names are read from /etc/passwd and /etc/group directly, where system
 * users are. A name that is not there is asked of getent(1), which knows the name services of this system; its groups then come
 * from `getent initgroups`. Not seen this way: groups kept in a directory server for a user that stands in /etc/passwd.
 */
#ifndef HEARTWOOD_EXECUTOR_NAMES_H
#define HEARTWOOD_EXECUTOR_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct user {
  char *name;
  char *home;
  char *shell;
  uid_t uid;
  gid_t gid;
  /* Not in /etc/passwd. */
  bool foreign;
};

struct group_ids {
  gid_t *items;
  size_t count;
};

/* A user by name or decimal number; false when there is none. */
bool find_user(const char *name_or_uid, struct user *user);

/* A group by name or decimal number. A number needs no entry. */
bool find_group(const char *name_or_gid, gid_t *gid);

/* All groups `user` is a member of, `primary` first. */
struct group_ids find_memberships(const struct user *user, gid_t primary);

void add_group(struct group_ids *groups, gid_t gid);

#endif

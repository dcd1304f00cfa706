/* User, groups, capabilities: systemd.exec(5), "Credentials", "Capabilities", "Security". */
#ifndef HEARTWOOD_EXECUTOR_CREDENTIALS_H
#define HEARTWOOD_EXECUTOR_CREDENTIALS_H

#include "executor/names.h"
#include "executor/spec.h"

/* The names of the specification, looked up. */
struct identity {
  /* User= is set; `user` is filled in. */
  bool has_user;
  struct user user;
  uid_t uid;
  gid_t gid;
  /* The supplementary groups are to be replaced by these. */
  bool has_groups;
  struct group_ids groups;
};

/* Looks all names up, before anything that could hide /etc. */
struct identity find_identity(const struct exec_spec *spec);

/*
 * Groups, PrivateUsers=, bounding set, user, ambient capabilities and NoNewPrivileges=, in the order that lets each still be done.
 * `users_are_private`: PrivateUsers= has been done before.
 */
void apply_credentials(const struct exec_spec *spec, const struct identity *identity, bool users_are_private);

#endif

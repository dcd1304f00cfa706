#include "executor/credentials.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/namespaces.h"
#include "executor/report.h"

struct identity find_identity(const struct exec_spec *spec) {
  struct identity identity = { .uid = getuid(), .gid = getgid() };
  bool gid_known = true;
  if (spec->user != NULL) {
    if (!find_user(spec->user, &identity.user)) fail(STAGE_USER, ESRCH, spec->user);
    identity.has_user = true;
    identity.uid = identity.user.uid;
    identity.gid = identity.user.gid;
  }
  if (spec->group != NULL) gid_known = find_group(spec->group, &identity.gid);
  if (!gid_known) fail(STAGE_GROUP, ESRCH, spec->group);
  identity.has_groups = identity.has_user || spec->supplementary_groups.count > 0;
  if (identity.has_user) identity.groups = find_memberships(&identity.user, identity.gid);
  for (size_t i = 0; i < spec->supplementary_groups.count; i++) {
    gid_t gid;
    if (!find_group(spec->supplementary_groups.items[i], &gid)) fail(STAGE_GROUP, ESRCH, spec->supplementary_groups.items[i]);
    add_group(&identity.groups, gid);
  }
  return identity;
}

static void drop_bounding_set(const struct exec_spec *spec) {
  if (!spec->has_bounding_set) return;
  uint64_t kept = 0;
  for (size_t i = 0; i < spec->bounding_set.count; i++) kept |= UINT64_C(1) << (spec->bounding_set.items[i] & 63);
  /* PR_CAPBSET_READ fails for the first number the kernel does not know. */
  for (int capability = 0; capability < 64; capability++) {
    int present = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (present < 0) return;
    if (present == 0 || (kept >> capability & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno != EPERM) fail(STAGE_CAPABILITIES, errno, "CapabilityBoundingSet");
    note("CapabilityBoundingSet", EPERM, "");
    return;
  }
}

static void change_group(const struct identity *identity) {
  if (identity->has_groups && setgroups(identity->groups.count, identity->groups.items) < 0) {
    /* Without privilege the groups stay; when they belong to the same user, as under a user's manager, nothing is lost. */
    if (errno != EPERM || identity->uid != getuid()) fail(STAGE_GROUP, errno, "setgroups");
  }
  if (setresgid(identity->gid, identity->gid, identity->gid) < 0) fail(STAGE_GROUP, errno, "setresgid");
}

static void change_user(const struct identity *identity) {
  if (setresuid(identity->uid, identity->uid, identity->uid) < 0) fail(STAGE_USER, errno, "setresuid");
}

static bool get_capabilities(struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]) {
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  return syscall(SYS_capget, &header, data) == 0;
}

static bool set_capabilities(struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]) {
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  return syscall(SYS_capset, &header, data) == 0;
}

static uint64_t ambient_mask(const struct exec_spec *spec) {
  uint64_t mask = 0;
  for (size_t i = 0; i < spec->ambient_set.count; i++) mask |= UINT64_C(1) << (spec->ambient_set.items[i] & 63);
  return mask;
}

/* A capability must be permitted and inheritable before it can become ambient. */
static void raise_ambient_set(const struct exec_spec *spec, bool user_changed) {
  uint64_t mask = ambient_mask(spec);
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (!get_capabilities(data)) fail(STAGE_CAPABILITIES, errno, "capget");
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
    uint32_t wanted = (uint32_t)(mask >> (32 * word));
    data[word].inheritable = wanted;
    /* PR_SET_KEEPCAPS kept everything: a service under its own user gets what was asked for, and no more. */
    if (user_changed) data[word].permitted &= wanted;
    data[word].effective &= data[word].permitted;
  }
  if (!set_capabilities(data)) {
    if (errno != EPERM) fail(STAGE_CAPABILITIES, errno, "capset");
    note("AmbientCapabilities", EPERM, "");
    return;
  }
  for (size_t i = 0; i < spec->ambient_set.count; i++) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, spec->ambient_set.items[i], 0, 0) == 0) continue;
    if (errno != EPERM) fail(STAGE_CAPABILITIES, errno, "AmbientCapabilities");
    note("AmbientCapabilities", EPERM, "");
    return;
  }
}

/* A filter of system calls needs this capability, or the promise that no program gains privileges any more. */
static bool needs_no_new_privileges(const struct exec_spec *spec) {
  if (spec->no_new_privileges) return true;
  if (spec->filters.count == 0) return false;
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  return !get_capabilities(data) || (data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) == 0;
}

static void set_secure_bits(const struct exec_spec *spec) {
  if (!spec->secure_bits.given) return;
  int now = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (prctl(PR_SET_SECUREBITS, now | spec->secure_bits.value, 0, 0, 0) == 0) return;
  if (errno != EPERM) fail(STAGE_CAPABILITIES, errno, "SecureBits");
  note("SecureBits", EPERM, "");
}

void apply_credentials(const struct exec_spec *spec, const struct identity *identity, bool users_are_private) {
  bool user_changes = identity->uid != getuid();
  change_group(identity);
  /* Before the user changes, which must happen inside, and before the bounding set is cut, which a new name space fills again. */
  if (spec->private_users && !users_are_private) enter_private_users(identity->uid, identity->gid);
  drop_bounding_set(spec);
  set_secure_bits(spec);
  if (spec->ambient_set.count > 0 && user_changes && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) fail(STAGE_CAPABILITIES, errno, "keep");
  change_user(identity);
  if (spec->ambient_set.count > 0) raise_ambient_set(spec, user_changes);
  if (needs_no_new_privileges(spec) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(STAGE_NO_NEW_PRIVILEGES, errno, "");
}

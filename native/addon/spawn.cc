// `spawn`: reads the specification from JavaScript into plain memory and hands it to spawn-child.cc.
#include <cerrno>
#include <cmath>
#include <cstring>

#include "addon/call.h"
#include "addon/exports.h"
#include "addon/reap.h"
#include "addon/spawn-plan.h"
#include "errno-name.h"

namespace heartwood {

namespace {

/// The kernel takes at most 6 MB of arguments and environment (execve(2)); a specification longer than that is refused here.
constexpr size_t kArenaBytesMax = 6 << 20;
/// What is kept between calls. Ordinary contexts need a few kilobytes.
constexpr size_t kArenaBytesKept = 4 << 10;
/// Children on their way at once. More would only queue for the processors; each has buffers of its own and two pages of stack.
constexpr size_t kBirthsMax = 16;
/// The kernel passes more only if asked to; a service with a thousand descriptors has been started by mistake.
constexpr uint32_t kFdsMax = 1024;
constexpr uint32_t kGroupsMax = 65536;
constexpr uint32_t kLimitsMax = 32;

/// All strings of one specification, one after the other. Offsets, not pointers, as long as it may still grow.
class Arena {
 public:
  Arena() : bytes_(kArenaBytesKept) {}

  void reset() {
    used_ = 0;
    if (bytes_.size() > kArenaBytesKept) {
      bytes_.resize(kArenaBytesKept);
      bytes_.shrink_to_fit();
    }
  }

  /// Copies a string value with its NUL and `spare` more bytes. False when it is no string, has a NUL in it, or is too long.
  bool add(napi_env env, napi_value value, size_t spare, size_t* offset, bool* tooBig) {
    for (;;) {
      const size_t room = bytes_.size() - used_;
      size_t length = 0;
      if (napi_get_value_string_utf8(env, value, bytes_.data() + used_, room, &length) != napi_ok) return false;
      // A cut string ends up to three bytes before the end of the room, because characters are not split.
      if (length + 4 < room && length + 1 + spare <= room) {
        *offset = used_;
        used_ += length + 1 + spare;
        return memchr(bytes_.data() + *offset, 0, length) == nullptr;
      }
      if (bytes_.size() >= kArenaBytesMax) {
        *tooBig = true;
        return false;
      }
      bytes_.resize(bytes_.size() * 2);
    }
  }

  char* at(size_t offset) { return bytes_.data() + offset; }

 private:
  std::vector<char> bytes_;
  size_t used_ = 0;
};

/// Kept between calls: a manager that starts a thousand services asks the allocator once.
struct Buffers {
  Arena arena;
  std::vector<size_t> offsets;
  std::vector<char*> pointers;
  std::vector<char*> pidPlaces;
  std::vector<bool> takesPid;
  std::vector<int> fds;
  std::vector<gid_t> groups;
  std::vector<PlannedLimit> limits;

  void reset() {
    arena.reset();
    offsets.clear();
    pointers.clear();
    pidPlaces.clear();
    takesPid.clear();
    fds.clear();
    groups.clear();
    limits.clear();
  }
};

const char* nameOf(SpawnStage stage) {
  switch (stage) {
    case SpawnStage::none: return "none";
    case SpawnStage::clone: return "clone";
    case SpawnStage::cgroup: return "cgroup";
    case SpawnStage::session: return "session";
    case SpawnStage::tty: return "tty";
    case SpawnStage::stdio: return "stdio";
    case SpawnStage::limits: return "limits";
    case SpawnStage::nice: return "nice";
    case SpawnStage::oom: return "oom";
    case SpawnStage::credentials: return "credentials";
    case SpawnStage::chdir: return "chdir";
    case SpawnStage::exec: return "exec";
  }
  return "none";
}

class SpecReader {
 public:
  SpecReader(Call& call, Buffers& buffers) : call_(call), env_(call.env()), buffers_(buffers) {}

  bool tooBig() const { return tooBig_; }

  /// Fills the plan. The pointers in it stay good until the buffers are reset.
  void read(napi_value spec, SpawnPlan* plan) {
    const size_t path = text(member(spec, "path"), "path", 0);
    const size_t cwd = text(member(spec, "cwd"), "cwd", 0);
    const uint32_t argc = texts(member(spec, "argv"), "argv");
    const napi_value environment = member(spec, "env");
    readPidIndexes(member(spec, "pidEnvIndexes"), call_.lengthOf(environment, "env"));
    const uint32_t envc = environmentTexts(environment);
    readFds(spec);
    readLimits(member(spec, "limits"));
    readCredentials(member(spec, "credentials"), plan);
    readOptional(member(spec, "nice"), "nice", -20, 19, &plan->hasNice, &plan->nice);
    readOptional(member(spec, "oomScoreAdjust"), "oomScoreAdjust", -1000, 1000, &plan->hasOomScoreAdjust, &plan->oomScoreAdjust);
    plan->umask = static_cast<mode_t>(call_.integerOf(member(spec, "umask"), "umask", 0, 0777));
    plan->noNewPrivileges = call_.booleanOf(member(spec, "noNewPrivileges"), "noNewPrivileges");
    plan->ignoreSigpipe = call_.booleanOf(member(spec, "ignoreSigpipe"), "ignoreSigpipe");
    // These may be left out.
    plan->sameGroup = isTrue(spec, "sameGroup");
    plan->keyring = isTrue(spec, "linksUserKeyring") ? SessionKeyring::withThatOfTheUser : isTrue(spec, "ownKeyring") ? SessionKeyring::ofItsOwn : SessionKeyring::inherited;
    plan->newSession = call_.booleanOf(member(spec, "newSession"), "newSession");
    plan->cgroupFd = static_cast<int>(call_.integerOf(member(spec, "cgroupFd"), "cgroupFd", -1, INT32_MAX));
    plan->controllingTty = static_cast<int>(call_.integerOf(member(spec, "controllingTty"), "controllingTty", -1, INT32_MAX));
    if (argc == 0) call_.reject("argv", "one string at least");
    if (call_.ok() && !tooBig_) pointInto(path, cwd, argc, envc, plan);
  }

 private:
  napi_value member(napi_value object, const char* name) {
    napi_value value = nullptr;
    if (napi_get_named_property(env_, object, name, &value) != napi_ok) napi_get_undefined(env_, &value);
    return value;
  }

  bool isTrue(napi_value object, const char* name) {
    bool value = false;
    napi_get_value_bool(call_.env(), member(object, name), &value);
    return value;
  }

  napi_value element(napi_value array, uint32_t index) {
    napi_value value = nullptr;
    napi_get_element(env_, array, index, &value);
    return value;
  }

  size_t text(napi_value value, const char* name, size_t spare) {
    size_t offset = 0;
    if (call_.ok() && !tooBig_ && !buffers_.arena.add(env_, value, spare, &offset, &tooBig_) && !tooBig_) {
      call_.reject(name, "a string without NUL bytes");
    }
    return offset;
  }

  uint32_t texts(napi_value array, const char* name) {
    const uint32_t length = call_.lengthOf(array, name);
    for (uint32_t i = 0; call_.ok() && i < length; i++) buffers_.offsets.push_back(text(element(array, i), name, 0));
    return length;
  }

  uint32_t environmentTexts(napi_value array) {
    const uint32_t length = call_.lengthOf(array, "env");
    for (uint32_t i = 0; call_.ok() && i < length; i++) {
      buffers_.offsets.push_back(text(element(array, i), "env", buffers_.takesPid[i] ? kPidDigitsMax : 0));
    }
    return length;
  }

  void readPidIndexes(napi_value array, uint32_t envc) {
    buffers_.takesPid.assign(envc, false);
    const uint32_t length = call_.lengthOf(array, "pidEnvIndexes");
    for (uint32_t i = 0; call_.ok() && i < length; i++) {
      const int64_t index = call_.integerOf(element(array, i), "pidEnvIndexes", 0, static_cast<int64_t>(envc) - 1);
      if (call_.ok()) buffers_.takesPid[static_cast<size_t>(index)] = true;
    }
  }

  void readFds(napi_value spec) {
    const napi_value stdio = member(spec, "stdio");
    if (call_.lengthOf(stdio, "stdio") != 3) call_.reject("stdio", "an array of three descriptors");
    appendFds(stdio, 3, "stdio");
    const napi_value extra = member(spec, "extraFds");
    const uint32_t length = call_.lengthOf(extra, "extraFds");
    if (length > kFdsMax) call_.reject("extraFds", "1024 descriptors at most");
    appendFds(extra, length, "extraFds");
  }

  void appendFds(napi_value array, uint32_t length, const char* name) {
    for (uint32_t i = 0; call_.ok() && i < length; i++) {
      buffers_.fds.push_back(static_cast<int>(call_.integerOf(element(array, i), name, 0, INT32_MAX)));
    }
  }

  rlim_t limitOf(napi_value value) {
    double number = 0;
    if (call_.ok() && (napi_get_value_double(env_, value, &number) != napi_ok || !(number >= 0))) {
      call_.reject("limits", "triples of a resource and two numbers from 0 to Infinity");
    }
    // Anything beyond 2^63 is no limit in any unit.
    return number >= 0x1p63 ? RLIM_INFINITY : static_cast<rlim_t>(number);
  }

  void readLimits(napi_value array) {
    const uint32_t length = call_.lengthOf(array, "limits");
    if (length > kLimitsMax) call_.reject("limits", "32 triples at most");
    for (uint32_t i = 0; call_.ok() && i < length; i++) {
      const napi_value triple = element(array, i);
      if (call_.lengthOf(triple, "limits") != 3) call_.reject("limits", "triples of numbers");
      if (!call_.ok()) return;
      PlannedLimit planned = {};
      planned.resource = static_cast<int>(call_.integerOf(element(triple, 0), "limits", 0, RLIM_NLIMITS - 1));
      planned.limit.rlim_cur = limitOf(element(triple, 1));
      planned.limit.rlim_max = limitOf(element(triple, 2));
      buffers_.limits.push_back(planned);
    }
  }

  void readCredentials(napi_value value, SpawnPlan* plan) {
    plan->hasCredentials = !call_.isNull(value);
    if (!call_.ok() || !plan->hasCredentials) return;
    // The highest number, -1, tells setresuid(2) to change nothing.
    constexpr int64_t kIdMax = UINT32_MAX - int64_t{1};
    plan->uid = static_cast<uid_t>(call_.integerOf(member(value, "uid"), "credentials.uid", 0, kIdMax));
    plan->gid = static_cast<gid_t>(call_.integerOf(member(value, "gid"), "credentials.gid", 0, kIdMax));
    const napi_value groups = member(value, "groups");
    const uint32_t length = call_.lengthOf(groups, "credentials.groups");
    if (length > kGroupsMax) call_.reject("credentials.groups", "65536 groups at most");
    for (uint32_t i = 0; call_.ok() && i < length; i++) {
      buffers_.groups.push_back(static_cast<gid_t>(call_.integerOf(element(groups, i), "credentials.groups", 0, kIdMax)));
    }
  }

  void readOptional(napi_value value, const char* name, int lowest, int highest, bool* has, int* number) {
    *has = !call_.isNull(value);
    if (*has) *number = static_cast<int>(call_.integerOf(value, name, lowest, highest));
  }

  void pointInto(size_t path, size_t cwd, uint32_t argc, uint32_t envc, SpawnPlan* plan) {
    // One array for both lists, each with its final null.
    buffers_.pointers.reserve(argc + envc + 2);
    for (uint32_t i = 0; i < argc; i++) buffers_.pointers.push_back(buffers_.arena.at(buffers_.offsets[i]));
    buffers_.pointers.push_back(nullptr);
    for (uint32_t i = 0; i < envc; i++) {
      char* assignment = buffers_.arena.at(buffers_.offsets[argc + i]);
      buffers_.pointers.push_back(assignment);
      if (buffers_.takesPid[i]) buffers_.pidPlaces.push_back(assignment + strlen(assignment));
    }
    buffers_.pointers.push_back(nullptr);
    plan->path = buffers_.arena.at(path);
    plan->cwd = buffers_.arena.at(cwd);
    plan->argv = buffers_.pointers.data();
    plan->env = buffers_.pointers.data() + argc + 1;
    plan->fds = buffers_.fds.data();
    plan->fdCount = static_cast<int>(buffers_.fds.size());
    plan->limits = buffers_.limits.data();
    plan->limitCount = buffers_.limits.size();
    plan->groups = buffers_.groups.data();
    plan->groupCount = buffers_.groups.size();
    plan->pidPlaces = buffers_.pidPlaces.data();
    plan->pidPlaceCount = buffers_.pidPlaces.size();
  }

  Call& call_;
  napi_env env_;
  Buffers& buffers_;
  bool tooBig_ = false;
};

napi_value outcomeOf(napi_env env, const Birth& birth) {
  napi_value result;
  napi_create_object(env, &result);
  if (birth.stage == SpawnStage::none) {
    expectExitOf(birth.pid);
    setMember(env, result, "pid", birth.pid);
    setMember(env, result, "pidfd", birth.pidfd);
  } else {
    setMember(env, result, "errno", errnoValue(env, birth.error));
    setMember(env, result, "stage", textValue(env, nameOf(birth.stage), NAPI_AUTO_LENGTH));
  }
  return result;
}

/// A child on its way, with the memory its plan points into.
struct Cradle {
  Buffers buffers;
  Birth birth;
};

/// Reads the specification and makes the child. False when an exception is pending: then there is no child.
bool begin(Call& call, Cradle& cradle) {
  napi_valuetype type = napi_undefined;
  napi_typeof(call.env(), call.argument(0), &type);
  if (type != napi_object) call.reject("spec", "an object");
  if (!call.ok()) return false;
  cradle.buffers.reset();
  cradle.birth.plan = {};
  SpecReader reader(call, cradle.buffers);
  reader.read(call.argument(0), &cradle.birth.plan);
  if (!call.ok()) return false;
  if (!reader.tooBig()) {
    beginBirth(&cradle.birth);
    return true;
  }
  cradle.birth.pid = -1;
  cradle.birth.stage = SpawnStage::exec;
  cradle.birth.error = E2BIG;
  return true;
}

/// The children begun and not yet asked for, oldest first. Those that had to give up their cradle are in `finished`.
struct Nursery {
  Cradle cradles[kBirthsMax];
  /// Counted from the last spawnFinish: `begun` children, of which the first `finished.size()` have been waited for.
  size_t begun = 0;
  std::vector<Birth> finished;

  void finishOldest() {
    Birth& birth = cradles[finished.size() % kBirthsMax].birth;
    finishBirth(&birth);
    finished.push_back(birth);
  }
};

Nursery& nursery() {
  static Nursery nursery;
  return nursery;
}

}  // namespace

napi_value spawn(napi_env env, napi_callback_info info) {
  Call call(env, info, "spawn", 1);
  static Cradle cradle;
  if (!begin(call, cradle)) return nullptr;
  finishBirth(&cradle.birth);
  return outcomeOf(env, cradle.birth);
}

napi_value spawnBegin(napi_env env, napi_callback_info info) {
  Call call(env, info, "spawnBegin", 1);
  Nursery& all = nursery();
  if (all.begun - all.finished.size() == kBirthsMax) all.finishOldest();
  if (begin(call, all.cradles[all.begun % kBirthsMax])) all.begun++;
  return nullptr;
}

napi_value spawnFinish(napi_env env, napi_callback_info) {
  Nursery& all = nursery();
  while (all.finished.size() < all.begun) all.finishOldest();
  napi_value results;
  napi_create_array_with_length(env, all.begun, &results);
  for (size_t i = 0; i < all.begun; i++) napi_set_element(env, results, static_cast<uint32_t>(i), outcomeOf(env, all.finished[i]));
  std::vector<Birth>().swap(all.finished);
  all.begun = 0;
  return results;
}

}  // namespace heartwood

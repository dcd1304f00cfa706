// Programs of control groups and their maps: bpf(2). The programs themselves are made by the manager, in src/core/group-program.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon/call.h"
#include "addon/exports.h"

namespace heartwood {

namespace {

/// As the source of the programs says. None of the kernel's functions that they use asks for another.
constexpr char kLicense[] = "MIT";
/// The kernel allows 64 programs at one place; maps of a program are a handful.
constexpr uint32_t kProgramsMax = 64;
constexpr uint32_t kMapsMax = 16;

long bpf(int command, bpf_attr* attributes) { return syscall(SYS_bpf, command, attributes, sizeof *attributes); }

/// All of it: the kernel refuses attributes with anything in the bytes it does not know.
bpf_attr noAttributes() {
  bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  return attributes;
}

uint64_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

void setName(char (&to)[BPF_OBJ_NAME_LEN], const std::string& name) { strncpy(to, name.c_str(), sizeof to - 1); }

int openGroup(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

long openById(int command, uint32_t id) {
  bpf_attr attributes = noAttributes();
  attributes.prog_id = id;
  return bpf(command, &attributes);
}

/// Closes `fd` and keeps what errno says of the call before.
void closeKeepingErrno(int fd) {
  const int error = errno;
  ::close(fd);
  errno = error;
}

template <typename Information>
long readInformation(int fd, Information* into) {
  bpf_attr attributes = noAttributes();
  attributes.info.bpf_fd = static_cast<uint32_t>(fd);
  attributes.info.info_len = sizeof *into;
  attributes.info.info = address(into);
  return bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

/// { id, name } of a map; a map that is gone has no name.
napi_value describeMap(napi_env env, uint32_t id) {
  bpf_map_info information;
  memset(&information, 0, sizeof information);
  const long fd = openById(BPF_MAP_GET_FD_BY_ID, id);
  if (fd >= 0) {
    readInformation(static_cast<int>(fd), &information);
    ::close(static_cast<int>(fd));
  }
  napi_value object;
  napi_create_object(env, &object);
  setMember(env, object, "id", id);
  setMember(env, object, "name", textValue(env, information.name, strnlen(information.name, sizeof information.name)));
  return object;
}

}  // namespace

napi_value bpfLoad(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfLoad", 4);
  bpf_attr attributes = noAttributes();
  attributes.prog_type = static_cast<uint32_t>(call.integer(0, "programType", 0, UINT32_MAX));
  attributes.expected_attach_type = static_cast<uint32_t>(call.integer(1, "attachType", 0, UINT32_MAX));
  const std::string name = call.text(2, "name");
  const Bytes instructions = call.bytes(3, "instructions");
  if (!call.ok()) return nullptr;
  setName(attributes.prog_name, name);
  attributes.insns = address(instructions.data);
  attributes.insn_cnt = static_cast<uint32_t>(instructions.length / sizeof(bpf_insn));
  attributes.license = address(kLicense);
  return outcome(env, bpf(BPF_PROG_LOAD, &attributes));
}

napi_value bpfAttach(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfAttach", 3);
  const std::string path = call.text(0, "group");
  bpf_attr attributes = noAttributes();
  attributes.attach_type = static_cast<uint32_t>(call.integer(1, "attachType", 0, UINT32_MAX));
  attributes.attach_bpf_fd = static_cast<uint32_t>(call.fd(2, "program"));
  if (!call.ok()) return nullptr;
  const int group = openGroup(path);
  if (group < 0) return errnoValue(env, errno);
  attributes.target_fd = static_cast<uint32_t>(group);
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  const long result = bpf(BPF_PROG_ATTACH, &attributes);
  closeKeepingErrno(group);
  return done(env, result);
}

napi_value bpfDetach(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfDetach", 3);
  const std::string path = call.text(0, "group");
  bpf_attr attributes = noAttributes();
  attributes.attach_type = static_cast<uint32_t>(call.integer(1, "attachType", 0, UINT32_MAX));
  const auto id = static_cast<uint32_t>(call.integer(2, "programId", 0, UINT32_MAX));
  if (!call.ok()) return nullptr;
  const int group = openGroup(path);
  if (group < 0) return errnoValue(env, errno);
  long result = openById(BPF_PROG_GET_FD_BY_ID, id);
  if (result >= 0) {
    const int program = static_cast<int>(result);
    attributes.target_fd = static_cast<uint32_t>(group);
    attributes.attach_bpf_fd = static_cast<uint32_t>(program);
    result = bpf(BPF_PROG_DETACH, &attributes);
    closeKeepingErrno(program);
  }
  closeKeepingErrno(group);
  return done(env, result);
}

napi_value bpfAttached(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfAttached", 2);
  const std::string path = call.text(0, "group");
  bpf_attr attributes = noAttributes();
  attributes.query.attach_type = static_cast<uint32_t>(call.integer(1, "attachType", 0, UINT32_MAX));
  if (!call.ok()) return nullptr;
  const int group = openGroup(path);
  if (group < 0) return errnoValue(env, errno);
  uint32_t ids[kProgramsMax];
  attributes.query.target_fd = static_cast<uint32_t>(group);
  attributes.query.prog_ids = address(ids);
  attributes.query.prog_cnt = kProgramsMax;
  const long result = bpf(BPF_PROG_QUERY, &attributes);
  closeKeepingErrno(group);
  if (result < 0) return errnoValue(env, errno);
  napi_value list;
  napi_create_array_with_length(env, attributes.query.prog_cnt, &list);
  for (uint32_t i = 0; i < attributes.query.prog_cnt; i++) napi_set_element(env, list, i, numberValue(env, ids[i]));
  return list;
}

napi_value bpfProgram(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfProgram", 1);
  const auto id = static_cast<uint32_t>(call.integer(0, "id", 0, UINT32_MAX));
  if (!call.ok()) return nullptr;
  const long program = openById(BPF_PROG_GET_FD_BY_ID, id);
  if (program < 0) return errnoValue(env, errno);
  uint32_t maps[kMapsMax];
  bpf_prog_info information;
  memset(&information, 0, sizeof information);
  information.nr_map_ids = kMapsMax;
  information.map_ids = address(maps);
  const long result = readInformation(static_cast<int>(program), &information);
  closeKeepingErrno(static_cast<int>(program));
  if (result < 0) return errnoValue(env, errno);
  napi_value list;
  napi_create_array(env, &list);
  for (uint32_t i = 0; i < information.nr_map_ids && i < kMapsMax; i++) napi_set_element(env, list, i, describeMap(env, maps[i]));
  napi_value object;
  napi_create_object(env, &object);
  setMember(env, object, "name", textValue(env, information.name, strnlen(information.name, sizeof information.name)));
  setMember(env, object, "maps", list);
  return object;
}

napi_value bpfMapCreate(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfMapCreate", 6);
  bpf_attr attributes = noAttributes();
  attributes.map_type = static_cast<uint32_t>(call.integer(0, "type", 0, UINT32_MAX));
  attributes.key_size = static_cast<uint32_t>(call.integer(1, "keyBytes", 1, UINT32_MAX));
  attributes.value_size = static_cast<uint32_t>(call.integer(2, "valueBytes", 1, UINT32_MAX));
  attributes.max_entries = static_cast<uint32_t>(call.integer(3, "entriesMax", 1, UINT32_MAX));
  attributes.map_flags = static_cast<uint32_t>(call.integer(4, "flags", 0, UINT32_MAX));
  const std::string name = call.text(5, "name");
  if (!call.ok()) return nullptr;
  setName(attributes.map_name, name);
  return outcome(env, bpf(BPF_MAP_CREATE, &attributes));
}

napi_value bpfMapOpen(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfMapOpen", 1);
  const auto id = static_cast<uint32_t>(call.integer(0, "id", 0, UINT32_MAX));
  if (!call.ok()) return nullptr;
  return outcome(env, openById(BPF_MAP_GET_FD_BY_ID, id));
}

napi_value bpfMapSet(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfMapSet", 3);
  bpf_attr attributes = noAttributes();
  attributes.map_fd = static_cast<uint32_t>(call.fd(0, "map"));
  attributes.key = address(call.bytes(1, "key").data);
  attributes.value = address(call.bytes(2, "value").data);
  if (!call.ok()) return nullptr;
  return done(env, bpf(BPF_MAP_UPDATE_ELEM, &attributes));
}

napi_value bpfMapGet(napi_env env, napi_callback_info info) {
  Call call(env, info, "bpfMapGet", 3);
  bpf_attr attributes = noAttributes();
  attributes.map_fd = static_cast<uint32_t>(call.fd(0, "map"));
  attributes.key = address(call.bytes(1, "key").data);
  attributes.value = address(call.bytes(2, "into").data);
  if (!call.ok()) return nullptr;
  return done(env, bpf(BPF_MAP_LOOKUP_ELEM, &attributes));
}

}  // namespace heartwood

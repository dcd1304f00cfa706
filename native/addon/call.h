// The small layer between Node-API and the system calls: reading arguments, making results.
//
// Written against the C interface of Node-API, because a call into the kernel is often cheaper than the C++ wrappers around it.
// A wrong argument is a programmer's mistake and throws a TypeError; what the kernel refuses is a value, the errno by name.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heartwood {

/// The memory of a Uint8Array. Valid until the call returns to JavaScript.
struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;
};

/// The arguments of one call. The first wrong one throws; the readers then return zeros, and the caller returns at `!ok()`.
class Call {
 public:
  /// No function of this addon takes more.
  static constexpr size_t kArgumentsMax = 6;

  Call(napi_env env, napi_callback_info info, const char* function, size_t expected);

  bool ok() const { return ok_; }
  napi_env env() const { return env_; }
  napi_value argument(size_t index) const { return values_[index]; }

  /// A whole number within the range, both ends included.
  int64_t integer(size_t index, const char* name, int64_t lowest, int64_t highest);
  int fd(size_t index, const char* name);
  int signal(size_t index, const char* name);
  bool boolean(size_t index, const char* name);
  /// A string without NUL bytes, which would cut it short on its way through the kernel.
  std::string text(size_t index, const char* name);
  std::optional<std::string> textOrNull(size_t index, const char* name);
  Bytes bytes(size_t index, const char* name);
  napi_value function(size_t index, const char* name);
  std::vector<int> integers(size_t index, const char* name, int lowest, int highest);
  std::vector<std::string> texts(size_t index, const char* name);

  /// The argument is not what it must be: throws "FUNCTION: NAME must be WHAT".
  void reject(const char* name, const char* what);

  // The same for any value, as the members of a spawn specification need it.
  int64_t integerOf(napi_value value, const char* name, int64_t lowest, int64_t highest);
  bool booleanOf(napi_value value, const char* name);
  uint32_t lengthOf(napi_value array, const char* name);
  bool isNull(napi_value value) const;

 private:
  std::string textOf(napi_value value, const char* name);

  napi_env env_;
  const char* function_;
  napi_value values_[kArgumentsMax] = {};
  bool ok_ = true;
};

napi_value numberValue(napi_env env, double number);
napi_value booleanValue(napi_env env, bool value);
napi_value textValue(napi_env env, const char* text, size_t length);
napi_value errnoValue(napi_env env, int code);
/// 0 for success, the name of `errno` for a negative result.
napi_value done(napi_env env, long result);
/// The result itself, the name of `errno` when it is negative.
napi_value outcome(napi_env env, long result);
/// [first, second]
napi_value pairValue(napi_env env, double first, double second);
void setMember(napi_env env, napi_value object, const char* name, napi_value value);
void setMember(napi_env env, napi_value object, const char* name, double number);

}  // namespace heartwood

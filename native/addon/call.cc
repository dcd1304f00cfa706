#include "addon/call.h"

#include <cerrno>
#include <cmath>
#include <cstring>

#include "errno-name.h"

namespace heartwood {

Call::Call(napi_env env, napi_callback_info info, const char* function, size_t expected) : env_(env), function_(function) {
  size_t count = kArgumentsMax;
  napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  if (count < expected) reject("the call", ("given " + std::to_string(expected) + " arguments").c_str());
}

void Call::reject(const char* name, const char* what) {
  if (!ok_) return;
  ok_ = false;
  const std::string message = std::string(function_) + ": " + name + " must be " + what;
  napi_throw_type_error(env_, nullptr, message.c_str());
}

bool Call::isNull(napi_value value) const {
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, value, &type);
  return type == napi_null;
}

int64_t Call::integerOf(napi_value value, const char* name, int64_t lowest, int64_t highest) {
  if (!ok_) return 0;
  double number = 0;
  if (napi_get_value_double(env_, value, &number) != napi_ok || std::trunc(number) != number ||
      number < static_cast<double>(lowest) || number > static_cast<double>(highest)) {
    reject(name, ("a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest)).c_str());
    return 0;
  }
  return static_cast<int64_t>(number);
}

int64_t Call::integer(size_t index, const char* name, int64_t lowest, int64_t highest) {
  return integerOf(values_[index], name, lowest, highest);
}

int Call::fd(size_t index, const char* name) { return static_cast<int>(integer(index, name, 0, INT32_MAX)); }

int Call::signal(size_t index, const char* name) { return static_cast<int>(integer(index, name, 0, 64)); }

bool Call::booleanOf(napi_value value, const char* name) {
  bool result = false;
  if (ok_ && napi_get_value_bool(env_, value, &result) != napi_ok) reject(name, "a boolean");
  return result;
}

bool Call::boolean(size_t index, const char* name) { return booleanOf(values_[index], name); }

std::string Call::textOf(napi_value value, const char* name) {
  if (!ok_) return {};
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) {
    reject(name, "a string");
    return {};
  }
  std::string text(length, '\0');
  napi_get_value_string_utf8(env_, value, text.data(), length + 1, &length);
  if (std::memchr(text.data(), 0, length) != nullptr) {
    reject(name, "a string without NUL bytes");
    return {};
  }
  return text;
}

std::string Call::text(size_t index, const char* name) { return textOf(values_[index], name); }

std::optional<std::string> Call::textOrNull(size_t index, const char* name) {
  if (!ok_ || isNull(values_[index])) return std::nullopt;
  return textOf(values_[index], name);
}

Bytes Call::bytes(size_t index, const char* name) {
  Bytes bytes;
  if (!ok_) return bytes;
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env_, values_[index], &type, &bytes.length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    reject(name, "a Uint8Array");
    return {};
  }
  bytes.data = static_cast<uint8_t*>(data);
  return bytes;
}

napi_value Call::function(size_t index, const char* name) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, values_[index], &type);
  if (type != napi_function) reject(name, "a function");
  return values_[index];
}

uint32_t Call::lengthOf(napi_value array, const char* name) {
  uint32_t length = 0;
  if (ok_ && napi_get_array_length(env_, array, &length) != napi_ok) reject(name, "an array");
  return length;
}

std::vector<int> Call::integers(size_t index, const char* name, int lowest, int highest) {
  const uint32_t length = lengthOf(values_[index], name);
  std::vector<int> numbers;
  numbers.reserve(length);
  for (uint32_t i = 0; ok_ && i < length; i++) {
    napi_value element;
    napi_get_element(env_, values_[index], i, &element);
    numbers.push_back(static_cast<int>(integerOf(element, name, lowest, highest)));
  }
  return numbers;
}

std::vector<std::string> Call::texts(size_t index, const char* name) {
  const uint32_t length = lengthOf(values_[index], name);
  std::vector<std::string> list;
  list.reserve(length);
  for (uint32_t i = 0; ok_ && i < length; i++) {
    napi_value element;
    napi_get_element(env_, values_[index], i, &element);
    list.push_back(textOf(element, name));
  }
  return list;
}

napi_value numberValue(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

napi_value booleanValue(napi_env env, bool flag) {
  napi_value value;
  napi_get_boolean(env, flag, &value);
  return value;
}

napi_value textValue(napi_env env, const char* text, size_t length) {
  napi_value value;
  napi_create_string_utf8(env, text, length, &value);
  return value;
}

napi_value errnoValue(napi_env env, int code) { return textValue(env, heartwood_errno_name(code), NAPI_AUTO_LENGTH); }

napi_value done(napi_env env, long result) { return result < 0 ? errnoValue(env, errno) : numberValue(env, 0); }

napi_value outcome(napi_env env, long result) {
  return result < 0 ? errnoValue(env, errno) : numberValue(env, static_cast<double>(result));
}

napi_value pairValue(napi_env env, double first, double second) {
  napi_value pair;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, numberValue(env, first));
  napi_set_element(env, pair, 1, numberValue(env, second));
  return pair;
}

void setMember(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

void setMember(napi_env env, napi_value object, const char* name, double number) {
  setMember(env, object, name, numberValue(env, number));
}

}  // namespace heartwood

#include "addon/exports.h"

namespace {

/// The addon holds process-wide things (the poll set, the signal mask): a second instance in a worker would share them unawares.
bool loaded = false;

}  // namespace

NAPI_MODULE_INIT() {
  if (loaded) {
    napi_throw_error(env, nullptr, "heartwood.node is already loaded in this process");
    return nullptr;
  }
  loaded = true;
#define HEARTWOOD_PROPERTY(name) \
  {#name, nullptr, heartwood::name, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  const napi_property_descriptor properties[] = {HEARTWOOD_EXPORTS(HEARTWOOD_PROPERTY)};
#undef HEARTWOOD_PROPERTY
  if (napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) != napi_ok) {
    // A name that stands twice in the table stops at the second.
    napi_throw_error(env, nullptr, "heartwood.node: the table of exports contradicts itself");
    return nullptr;
  }
  return exports;
}

#include "engine/registry/patch/patches.h"

namespace engine {

namespace {

void merge_into(Json& target, Json patch) {
  if (!patch.is_object()) {
    target = std::move(patch);
    return;
  }
  if (!target.is_object()) target = Json::object();
  for (auto& [name, value] : patch.as_object()) {
    if (value.is_null()) {
      target.erase(name);
    } else {
      merge_into(target[name], std::move(value));
    }
  }
}

}  // namespace

Result<Unit> merge_patch(Json& object, Json patch) {
  if (!patch.is_object())
    return Status::bad_request(std::string("error decoding patch: expected an object, got ") +
                               patch.type_name());
  merge_into(object, std::move(patch));
  return Unit{};
}

}  // namespace engine

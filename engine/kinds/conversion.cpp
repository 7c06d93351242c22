#include "engine/kinds/conversion.h"

namespace engine {

#define CONVERSION(name) extern const Conversion kConversion_##name;
#include "engine/kinds/conversions.inc"
#undef CONVERSION

const Conversion* conversion_of(std::string_view group, std::string_view version,
                                std::string_view kind) {
#define CONVERSION(name)                                                            \
  if (kConversion_##name.group == group && kConversion_##name.version == version && \
      kConversion_##name.kind == kind)                                              \
    return &kConversion_##name;
#include "engine/kinds/conversions.inc"
#undef CONVERSION
  return nullptr;
}

void rename_members(Json& object, std::initializer_list<Rename> names) {
  if (!object.is_object()) return;
  for (const auto& [from, to] : names) {
    Json* value = object.find(from);
    if (value == nullptr) continue;
    Json moved = std::move(*value);
    object.erase(from);
    object.set(to, std::move(moved));
  }
}

}  // namespace engine
